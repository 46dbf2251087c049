//! Turns BANKING77 into the input of the main example: a teacher's log, a gold set and the teacher's answers.
//!
//! ```text
//! cargo run --release -p banking77 -- --data DIR --out runs/banking77-input
//! cargo run --release -p categorizer -- --out runs/banking77 --base MINILM_DIR \
//!     --task runs/banking77-input/task.toml --log runs/banking77-input/teacher.jsonl \
//!     --gold runs/banking77-input/gold.jsonl --teacher-answers runs/banking77-input/teacher_answers.jsonl \
//!     --teacher-model simulated-2025-05-14
//! ```
//!
//! `DIR` holds `train.csv` and `test.csv` (Casanueva et al. 2020, arXiv:2003.04807, CC-BY-4.0), which are not
//! part of this repository. The questions and their labels are real; the teacher is simulated: it answers
//! the training questions right about 94 times in 100, confuses labels that share words, sometimes invents
//! one, and is surer of itself than it should be. The test file becomes the gold set as it is.
//!
//! `--check runs/banking77/data/train.jsonl` counts how many rows of a curated log have another label than the data
//! set gives them: what is left of the teacher's errors.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{
    collections::BTreeSet,
    error::Error,
    path::{Path, PathBuf},
};

use clap::Parser;
use gold_eval::TeacherAnswer;
use serde::Deserialize;
use stage_files::{read_json_lines, write_json_lines, write_whole};
use task_spec::{Example, GoldRow, Label, Task};
use transactions::{Case, Confusions, TeacherConfig, write_log};

/// BANKING77 as a teacher's log and a gold set.
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with train.csv and test.csv, each with the columns text and category.
    #[arg(long)]
    data: PathBuf,
    /// Folder to write.
    #[arg(long, required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Training rows, made from an earlier output of this program, to be compared with the data set instead.
    #[arg(long, conflicts_with = "out")]
    check: Option<PathBuf>,
    /// Seed of the simulated teacher.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Deserialize)]
struct Query {
    text: String,
    category: String,
}

/// The asks of the log are numbered from 0; those about gold rows from here.
const GOLD_ASKS: u64 = 1 << 40;
/// When the first call of the log was made, in seconds since the Unix epoch, and the time between two.
const LOG_BEGINS: i64 = 1_748_736_000;
const STEP: i64 = 600;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let train = read(&arguments.data.join("train.csv"))?;
    if let Some(rows) = &arguments.check {
        return check(rows, &train);
    }
    let Some(out) = &arguments.out else {
        return Err("say where to write: --out".into());
    };
    let test = read(&arguments.data.join("test.csv"))?;
    let names: BTreeSet<&str> = train.iter().map(|query| query.category.as_str()).collect();
    let task = Task::of_labels("banking77", names.iter().map(|name| Label::new(*name)).collect())?
        .with_system("Name the intent of the customer's question to their bank.");
    let config = TeacherConfig {
        seed: arguments.seed,
        ..TeacherConfig::default()
    };
    let teacher = config.check(&task, Confusions::by_shared_words(task.labels()))?;

    write_whole(&out.join("task.toml"), toml::to_string(&task)?)?;
    let cases = train
        .iter()
        .map(|query| case(&task, query))
        .collect::<Result<Vec<_>, _>>()?;
    let cases = cases
        .into_iter()
        .enumerate()
        .map(|(index, case)| (case, LOG_BEGINS + STEP * index as i64));
    let log = write_log(&out.join("teacher.jsonl"), &task, &teacher, cases, 0.002)?;
    let gold: Vec<GoldRow> = test
        .iter()
        .enumerate()
        .map(|(index, query)| GoldRow {
            id: format!("test-{index:04}"),
            input: query.text.clone(),
            label: query.category.clone(),
        })
        .collect();
    write_json_lines(&out.join("gold.jsonl"), &gold)?;
    let answers = test
        .iter()
        .zip(&gold)
        .enumerate()
        .map(|(index, (query, row))| {
            let answer = teacher.answer(case(&task, query)?, GOLD_ASKS + index as u64);
            Ok(TeacherAnswer {
                id: row.id.clone(),
                answer: answer
                    .said
                    .or(answer.refusal)
                    .or(answer.content)
                    .unwrap_or_default(),
                confidence: answer.confidence,
            })
        })
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    write_json_lines(&out.join("teacher_answers.jsonl"), &answers)?;
    println!(
        "{}: {} calls ({} damaged), {} gold rows, {} labels",
        out.display(),
        log.lines,
        log.damaged,
        gold.len(),
        task.labels().len()
    );
    Ok(())
}

/// Says how many training rows have a label that the data set does not give their text.
fn check(rows: &Path, train: &[Query]) -> Result<(), Box<dyn Error>> {
    let given: BTreeSet<(&str, &str)> = train
        .iter()
        .map(|query| (query.text.as_str(), query.category.as_str()))
        .collect();
    let rows: Vec<Example> = read_json_lines(rows)?;
    let wrong = rows
        .iter()
        .filter(|row| {
            let text_and_label = row.input().zip(row.answer());
            text_and_label.is_none_or(|pair| !given.contains(&pair))
        })
        .count();
    println!(
        "{wrong} of {} rows have another label than the data set gives them ({:.2}%)",
        rows.len(),
        100.0 * wrong as f64 / rows.len().max(1) as f64
    );
    Ok(())
}

fn read(path: &Path) -> Result<Vec<Query>, Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| format!("{}: {error}", path.display()))?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{}: {error}", path.display()).into())
}

/// A question with what only the simulation knows.
fn case<'a>(task: &Task, query: &'a Query) -> Result<Case<'a>, Box<dyn Error>> {
    let label = task.labels().index_of(&query.category).ok_or_else(|| {
        format!(
            "category {:?} of the test file is not in the training file",
            query.category
        )
    })?;
    Ok(Case {
        text: &query.text,
        label,
        source: &query.text,
        hardness: 1.0,
    })
}
