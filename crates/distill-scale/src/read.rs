//! Logs of every shape become a table of calls: the step before a curation at scale.

mod log;
mod table;

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use distill_data::{AnswerFormat, CuratePlan, LogFile, PersonalDataMask, ReadAccount, TaskRecord, Verdict};
use near_texts::NORMALISER_VERSION;
use serde::{Deserialize, Serialize};
use stage_files::{ContentHash, write_json};
use task_spec::Task;

use crate::ScaleError;
use log::{ReadLog, joined, read_log};

/// The account of a reading, in its folder.
pub(crate) const READ_FILE: &str = "read.json";
/// The folder of the table, in the folder of a reading.
pub(crate) const CALLS_FOLDER: &str = "calls";
/// The folder of what is known of the calls that make no row, in the form of that table.
pub(crate) const REJECTED_FOLDER: &str = "rejected";

/// The account of logs that were read, `read.json` in the folder of the outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadReport {
    /// The version of this crate.
    pub version: String,
    /// The rules by which texts will be normalised.
    pub normaliser: String,
    /// Whether the calls may be used.
    pub verdict: Verdict,
    /// The task by which answers were read.
    pub task: TaskRecord,
    /// How answers were written.
    pub answer: AnswerFormat,
    /// What was masked.
    pub personal_data: PersonalDataMask,
    /// The largest share of damaged lines at which the logs are believed.
    pub max_damaged_share: f64,
    /// What was counted, the logs and their hashes among it.
    pub account: ReadAccount,
    /// BLAKE3 of each file written beside this one.
    pub outputs: BTreeMap<String, ContentHash>,
}

/// Logs that are to be read, with their task and the settings by which they are read.
#[derive(Debug, Clone, Copy)]
pub struct ReadInput<'a> {
    task: &'a Task,
    logs: &'a [LogFile],
    plan: &'a CuratePlan,
    threads: usize,
}

impl<'a> ReadInput<'a> {
    /// Logs of a task. Of the plan count the answers' format, the masking of personal data and the largest share of damaged
    /// lines.
    #[must_use]
    pub fn new(task: &'a Task, logs: &'a [LogFile], plan: &'a CuratePlan) -> Self {
        Self {
            task,
            logs,
            plan,
            threads: 1,
        }
    }

    /// Reads so many logs at a time, each in a thread and with the memory of its own; nothing that is written depends on it.
    /// Default 1.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}

/// Reads logs into `out`, a folder that must be new or empty, in memory that does not grow with the logs.
///
/// `out/calls` then holds a file of Parquet for each log that has calls, the table that [`Calls`](crate::Calls) describes;
/// `out/rejected.jsonl` the calls without a legal label and `out/quarantine.jsonl` the lines that could not be read, as `curate`
/// of distill-data writes them; `out/rejected` who gave the former and when, in the form of the table; and `out/read.json` the account, written last. Each file is there as a whole or not at all.
///
/// Logs that are mostly damaged are no error but a [`Verdict`]; a curation at scale refuses such a folder. `progress` is told now
/// and then how many calls and damaged lines there were so far, from any of the threads.
///
/// # Errors
///
/// [`ScaleError::NotEmpty`], [`ScaleError::Read`] if a log cannot be read to its end or what was read cannot be written.
pub fn read_logs(
    input: &ReadInput<'_>,
    out: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<ReadReport, ScaleError> {
    let ReadInput {
        task,
        logs,
        plan,
        threads,
    } = *input;
    if std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ScaleError::NotEmpty { path: out.to_owned() });
    }
    let (next, items) = (AtomicUsize::new(0), AtomicU64::new(0));
    let each = |more: u64| progress(items.fetch_add(more, Ordering::Relaxed) + more);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, logs.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(log) = logs.get(number) else { break };
                    let read = read_log(task, (number, log), plan, out, &each);
                    if read.is_err() {
                        // What is not begun need not be begun any more.
                        next.store(logs.len(), Ordering::Relaxed);
                    }
                    let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    done.insert(number, read);
                }
            });
        }
    });
    let done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let read: Vec<ReadLog> = done.into_values().collect::<Result<_, _>>()?;
    let outputs = joined(&read, out)?;
    let mut account = ReadAccount::default();
    for log in read {
        account.add(log.account);
    }
    let config = plan.config();
    let report = ReadReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        normaliser: NORMALISER_VERSION.to_owned(),
        verdict: account.verdict(plan),
        task: TaskRecord::of(task),
        answer: config.answer.clone(),
        personal_data: config.personal_data.clone(),
        max_damaged_share: config.max_damaged_share,
        account,
        outputs,
    };
    write_json(&out.join(READ_FILE), &report)?;
    Ok(report)
}

impl fmt::Display for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = &self.account;
        writeln!(
            f,
            "{} lines, {} damaged, {} calls, {} with a legal label",
            account.lines,
            account.damaged(),
            account.calls,
            account.legal()
        )?;
        for (what, counts) in [
            ("lines without a call", &account.lines_without_call),
            ("damaged", &account.quarantined),
            ("rejected", &account.rejected),
            ("other questions", &account.other_questions),
        ] {
            for (name, count) in counts {
                writeln!(f, "{count:12} {what}: {name}")?;
            }
        }
        for (kind, record) in &account.confidence {
            writeln!(f, "{:12} confidence: {kind}", record.calls)?;
        }
        match self.verdict {
            Verdict::Usable => writeln!(f, "The calls may be used."),
            Verdict::TooDamaged { share, allowed } => writeln!(
                f,
                "NOT TO BE USED: {:.1}% of the lines are damaged, and {:.1}% are allowed. Look at quarantine.jsonl.",
                100.0 * share,
                100.0 * allowed
            ),
            _ => writeln!(
                f,
                "NOT TO BE USED: no call has a legal label. Look at rejected.jsonl."
            ),
        }
    }
}
