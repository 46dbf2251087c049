//! What people write beside logs: a byte for the file, then `task.toml`, the settings, reviewed rows or gold rows.

use distill_data::{CurateConfig, GoldRows, ReviewedRow};
use stage_files::{read_json_lines, read_toml};
use task_spec::Task;

use crate::curation::scratch;

/// The file is refused by an error that names it, or means what it says.
pub fn holds(data: &[u8]) {
    let Some((&which, text)) = data.split_first() else {
        return;
    };
    let path = scratch(text);
    let names_the_file = |error: stage_files::FileError| {
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    };
    match which % 4 {
        0 => match read_toml::<Task>(&path) {
            Ok(task) => task_means_what_it_says(&task),
            Err(error) => names_the_file(error),
        },
        1 => match read_toml::<CurateConfig>(&path) {
            // Out of range is an answer too.
            Ok(config) => drop(config.check()),
            Err(error) => names_the_file(error),
        },
        2 => match read_json_lines::<ReviewedRow>(&path) {
            Ok(rows) => assert!(rows.len() <= text.len()),
            Err(error) => names_the_file(error),
        },
        _ => match GoldRows::read(&path) {
            Ok(gold) => assert!(gold.rows().len() <= text.len()),
            Err(error) => names_the_file(error),
        },
    }
}

fn task_means_what_it_says(task: &Task) {
    let labels = task.labels();
    for (index, label) in labels.labels().iter().enumerate() {
        for spelling in label.aliases.iter().chain([&label.name]) {
            assert_eq!(labels.resolve(spelling), Some(index), "{spelling:?} of {task:?}");
        }
    }
    let written = toml::to_string(task).expect("a task can be written");
    let again: Task = toml::from_str(&written).expect("what was written can be read");
    assert_eq!(&again, task);
}
