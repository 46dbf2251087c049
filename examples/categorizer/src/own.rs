//! The same program on somebody's own files, up to the verdict and the latency.

use std::path::Path;

use base_model::Network;
use distill_data::LogFile;
use gold_eval::{Baseline, GoldSet, Teacher, TeacherAnswer};
use stage_files::{read_json_lines, write_json};

use crate::{
    Fallible,
    learn::{Materials, Workshop},
    options::Options,
    say, serve,
};

/// Curates, trains, judges and measures on the files named on the command line.
pub(crate) fn run(options: &Options, workshop: &Workshop, log: &Path, gold_file: &Path) -> Fallible<()> {
    let out = options.out.as_path();
    let lock = gold_file.with_extension("lock");
    let gold = if lock.exists() {
        GoldSet::open(gold_file, &lock, &workshop.task)?
    } else {
        say(&format!("freezing {} as version 1", gold_file.display()));
        GoldSet::freeze(gold_file, &workshop.task, 1)?
    };
    let baseline = match &options.own.teacher_answers {
        Some(path) => {
            let answers: Vec<TeacherAnswer> = read_json_lines(path)?;
            let prompt = workshop.task.system.as_deref().unwrap_or_default();
            let teacher = Teacher::new(options.own.teacher_model.clone(), prompt);
            let baseline = Baseline::pin(&gold, teacher, answers)?;
            baseline.write(&out.join("gold/baseline.json"))?;
            Some(baseline)
        }
        None => None,
    };
    let is_encoder = matches!(workshop.base.network, Network::Encoder(_));
    let made = workshop.make(&Materials {
        folder: out.to_owned(),
        logs: vec![LogFile::new(log, options.own.format()?)],
        gold: &gold,
        gold_file: gold_file.to_owned(),
        baseline: baseline.as_ref(),
        training: options.training.config(is_encoder, options.seed, options.smoke)?,
        before: None,
        at: "first look of this run".to_owned(),
    })?;
    let right = gold
        .rows()
        .iter()
        .zip(made.predictions.rows())
        .filter(|(row, p)| row.label == p.answer)
        .count();
    say(&format!(
        "right on {right} of {} gold rows ({:.2}%)",
        gold.rows().len(),
        100.0 * right as f64 / gold.rows().len() as f64
    ));
    if let Some(apart) = made
        .report
        .as_ref()
        .and_then(|report| report.apart_from_neighbours.as_ref())
        && let Some(share) = &apart.candidate
    {
        say(&format!(
            "without the {} gold rows that have a near neighbour in the log: {:.2}%",
            apart.near_rows,
            100.0 * share.value
        ));
    }
    if let Some(bytes) = made.lineage.peak_memory_bytes {
        say(&format!(
            "training: {:.0} s, peak memory {:.2} GB",
            made.lineage.seconds,
            bytes as f64 / 1e9
        ));
    }
    let texts: Vec<&str> = gold.rows().iter().map(|row| row.input.as_str()).collect();
    let serving = serve::measure(&made.classifier, &texts)?;
    write_json(&out.join("serving.json"), &serving)?;
    Ok(())
}
