//! A whole gold set asked, with every answer kept as it comes.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, FileError, read_json, write_json, write_json_lines};
use task_spec::{LabelSet, PredictError};

use crate::{
    AnswerSource, AnswerTimes, GoldKind, GoldSet, JoinError, Predictions, PredictionsError, Question,
    TimedRow,
};

mod journal;

use journal::{Journal, Run};

/// Why a gold set has not been answered to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The source failed.
    #[error(
        "{answered} of {rows} rows are answered and kept in {}: run again to ask for the others", kept.display()
    )]
    Stopped {
        /// Rows that have an answer.
        answered: usize,
        /// Rows of the gold set.
        rows: usize,
        /// The file of the answers so far.
        kept: PathBuf,
        /// What went wrong.
        source: PredictError,
    },
    /// An answer is no prediction, or belongs to no row, or came twice. Those before it are kept.
    #[error("an answer of {predictor} cannot be used")]
    Answer {
        /// Which predictor.
        predictor: String,
        /// What is wrong, with the row.
        source: PredictionsError,
    },
    /// Answers of another run are in the way.
    #[error(
        "{} holds answers of {found}, not of {expected}: name another file, or remove this one", path.display()
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// Who is asked now.
        expected: String,
        /// Who gave these answers.
        found: String,
    },
    /// The file of answers is not one that a run has finished and nobody has changed since.
    #[error(
        "{} was not written by a run of this kind, or was changed since: name another file, or remove it",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another process is asking for the same file.
    #[error("{} is being written by another run: wait for it, or name another file", path.display())]
    InUse {
        /// The file of the answers so far.
        path: PathBuf,
    },
}

/// What is known of a finished run: `predictions.account.json`, beside `predictions.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectedAccount {
    /// Who answered.
    pub predictor: String,
    /// What decided the answers, as [`AnswerSource::identity`] says it.
    pub identity: String,
    /// The version of the gold set.
    pub gold_version: u32,
    /// The content hash of the gold set.
    pub gold_hash: ContentHash,
    /// The content hash of `predictions.jsonl`.
    pub predictions_hash: ContentHash,
    /// Rows of the gold set, all of which are answered.
    pub rows: u64,
    /// How long the answers took that were measured.
    pub times: Option<AnswerTimes>,
}

/// A gold set that was answered.
#[derive(Debug)]
pub struct Collected<K: GoldKind = LabelSet> {
    /// The answers, checked.
    pub predictions: Predictions<K>,
    /// What is known of them.
    pub account: CollectedAccount,
    /// Rows that were asked for in this run; the others had been answered before.
    pub asked: usize,
}

/// Asks a source every question of the gold set, and writes `predictions.jsonl` (`path`) with an account of the run
/// beside it, `predictions.account.json`.
///
/// Answers are appended to `predictions.jsonl.partial` as they come, with their latencies. A run that was stopped or
/// killed goes on there: only what is missing is asked for. When all rows are answered, `path` is written in the order
/// of the gold set and the partial file is removed. A second run of the same source finds everything answered and
/// asks nothing; answers of another source or for another gold set are never mixed in, nor written over.
///
/// `progress` is called with the rows that are answered and all rows, once before the first question and after each
/// answer.
///
/// # Errors
///
/// [`CollectError`]; whatever was answered before stays in the partial file.
pub fn collect<K: GoldKind>(
    source: &dyn AnswerSource,
    gold: &GoldSet<K>,
    path: &Path,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Collected<K>, CollectError> {
    let run = Run::of(source, gold);
    let partial = with_ending(path, ".partial");
    let account_path = path.with_extension("account.json");
    if path.exists() && !partial.exists() {
        return finished(&run, gold, path, &account_path);
    }
    let (mut journal, kept) = Journal::open(&partial, &run)?;
    let mut answers = Answers::new(gold);
    for row in kept {
        answers.take(row).map_err(|source| unusable(&run, source))?;
    }
    let before = answers.count;
    progress(before, gold.rows().len());
    ask(source, &run, &mut journal, &mut answers, progress)?;

    let asked = answers.count - before;
    let rows: Vec<TimedRow> = answers.rows.into_iter().flatten().collect();
    let predictions_hash = write_json_lines(path, rows.iter())?;
    let account = run.account(gold, predictions_hash, &rows);
    write_json(&account_path, &account)?;
    journal.remove()?;
    Ok(Collected {
        predictions: checked(&run, gold, rows)?,
        account,
        asked,
    })
}

/// Asks for what is missing.
fn ask<K: GoldKind>(
    source: &dyn AnswerSource,
    run: &Run,
    journal: &mut Journal,
    answers: &mut Answers<'_, K>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<(), CollectError> {
    let missing = answers.missing();
    if missing.is_empty() {
        return Ok(());
    }
    let rows = answers.rows.len();
    let mut failure = None;
    let mut keep = |answer: TimedRow| {
        let kept = answers
            .take(answer.clone())
            .map_err(|source| unusable(run, source))
            .and_then(|()| Ok(journal.append(&answer)?));
        progress(answers.count, rows);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    };
    let outcome = source.answer(&missing, &mut keep);
    if let Some(error) = failure {
        return Err(error);
    }
    let stopped = |source| CollectError::Stopped {
        answered: answers.count,
        rows,
        kept: journal.path().to_owned(),
        source,
    };
    outcome.map_err(stopped)?;
    match answers.missing().first() {
        None => Ok(()),
        Some(first) => Err(unusable(
            run,
            PredictionsError::Join(JoinError::Missing {
                id: first.id.to_owned(),
                others: answers.missing().len() - 1,
            }),
        )),
    }
}

/// What an earlier run wrote, if it was this very source on this very gold set.
fn finished<K: GoldKind>(
    run: &Run,
    gold: &GoldSet<K>,
    path: &Path,
    account_path: &Path,
) -> Result<Collected<K>, CollectError> {
    let foreign = || CollectError::Foreign {
        path: path.to_owned(),
    };
    if !account_path.exists() {
        return Err(foreign());
    }
    let account: CollectedAccount = read_json(account_path)?;
    run.same_as(&Run::in_account(&account), path)?;
    if ContentHash::of_file(path)? != account.predictions_hash {
        return Err(foreign());
    }
    let rows = stage_files::read_json_lines::<TimedRow>(path)?;
    Ok(Collected {
        predictions: checked(run, gold, rows)?,
        account,
        asked: 0,
    })
}

fn checked<K: GoldKind>(
    run: &Run,
    gold: &GoldSet<K>,
    rows: Vec<TimedRow>,
) -> Result<Predictions<K>, CollectError> {
    let rows = rows.into_iter().map(|answer| answer.row);
    Predictions::new(&run.predictor, gold, rows).map_err(|source| unusable(run, source))
}

fn unusable(run: &Run, source: PredictionsError) -> CollectError {
    CollectError::Answer {
        predictor: run.predictor.clone(),
        source,
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The answers so far, in the order of the gold set.
struct Answers<'a, K: GoldKind> {
    gold: &'a GoldSet<K>,
    positions: HashMap<&'a str, usize>,
    rows: Vec<Option<TimedRow>>,
    count: usize,
}

impl<'a, K: GoldKind> Answers<'a, K> {
    fn new(gold: &'a GoldSet<K>) -> Self {
        Self {
            gold,
            positions: (gold.ids().enumerate())
                .map(|(position, id)| (id, position))
                .collect(),
            rows: vec![None; gold.rows().len()],
            count: 0,
        }
    }

    /// Takes an answer that belongs to a row without one and is a prediction: nothing else may reach the files, where
    /// it would fail every later run.
    fn take(&mut self, answer: TimedRow) -> Result<(), PredictionsError> {
        let id = &answer.row.id;
        let Some(&position) = self.positions.get(id.as_str()) else {
            return Err(PredictionsError::Join(JoinError::Extra {
                id: id.clone(),
                others: 0,
            }));
        };
        if self.rows[position].is_some() {
            return Err(PredictionsError::Join(JoinError::Duplicate { id: id.clone() }));
        }
        self.gold.output().check_prediction(id, &answer.row.prediction)?;
        self.rows[position] = Some(answer);
        self.count += 1;
        Ok(())
    }

    fn missing(&self) -> Vec<Question<'a>> {
        (Question::all(self.gold).into_iter().zip(&self.rows))
            .filter(|(_, answer)| answer.is_none())
            .map(|(question, _)| question)
            .collect()
    }
}
