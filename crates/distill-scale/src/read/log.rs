//! One log into files of its own, and these into those of all.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use distill_data::{CuratePlan, LogFile, LogItem, ReadAccount, read_calls};
use stage_files::{ContentHash, FileError, WholeFile};
use task_spec::Task;

use super::{CALLS_FOLDER, REJECTED_FOLDER, table::CallsFile};
use crate::ScaleError;

/// The files that all logs share: of each log first a file of its own, in this folder.
const SHARED: [&str; 2] = ["rejected.jsonl", "quarantine.jsonl"];
const OWN_FOLDER: &str = "of-each-log";

/// After how many calls and damaged lines progress is told.
const ITEMS_PER_EVENT: u64 = 1000;

/// A log that was read.
#[derive(Debug)]
pub(super) struct ReadLog {
    number: usize,
    pub(super) account: ReadAccount,
    /// The hashes of its tables, of those that have calls.
    tables: BTreeMap<String, ContentHash>,
}

/// Reads a log, the one of this number; `each` is told of so many calls and damaged lines more.
pub(super) fn read_log(
    task: &Task,
    (number, log): (usize, &LogFile),
    plan: &CuratePlan,
    out: &Path,
    each: &dyn Fn(u64),
) -> Result<ReadLog, ScaleError> {
    let mut tables = [CALLS_FOLDER, REJECTED_FOLDER].map(|folder| LazyTable {
        path: out.join(table_name(folder, number)),
        file: None,
    });
    let [calls, others] = &mut tables;
    let [rejected, quarantine] = SHARED.map(|name| own_path(out, name, number));
    let (mut rejected, mut quarantine) = (WholeFile::create(&rejected)?, WholeFile::create(&quarantine)?);
    let mut items = 0;
    let account = read_calls(task, std::slice::from_ref(log), plan, &mut |item| {
        items += 1;
        if items % ITEMS_PER_EVENT == 0 {
            each(ITEMS_PER_EVENT);
        }
        match item {
            LogItem::Call(call) => calls.file(task)?.add((number, log.weight), &call),
            LogItem::Rejected(call) => {
                others.file(task)?.add_rejected((number, log.weight), &call)?;
                rejected.write_json_line(&call.row)
            }
            LogItem::Damaged(line) => quarantine.write_json_line(&line),
            _ => Ok(()),
        }
    })?;
    rejected.finish()?;
    quarantine.finish()?;
    let mut hashes = BTreeMap::new();
    for (folder, table) in [CALLS_FOLDER, REJECTED_FOLDER].into_iter().zip(tables) {
        if let Some(file) = table.file {
            hashes.insert(table_name(folder, number), file.finish()?);
        }
    }
    Ok(ReadLog {
        number,
        account,
        tables: hashes,
    })
}

/// A table that is begun with its first call.
struct LazyTable {
    path: PathBuf,
    file: Option<CallsFile>,
}

impl LazyTable {
    fn file(&mut self, task: &Task) -> Result<&mut CallsFile, FileError> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(CallsFile::create(&self.path, task.labels())?)),
        }
    }
}

/// Puts together what each log has written of the files that they share; the hashes of all files.
pub(super) fn joined(read: &[ReadLog], out: &Path) -> Result<BTreeMap<String, ContentHash>, FileError> {
    let mut hashes: BTreeMap<String, ContentHash> = BTreeMap::new();
    hashes.extend(read.iter().flat_map(|log| log.tables.clone()));
    for name in SHARED {
        let path = out.join(name);
        let mut whole = WholeFile::create(&path)?;
        for log in read {
            let own = own_path(out, name, log.number);
            let unread = |source| FileError::Read {
                path: own.clone(),
                source,
            };
            let mut part = File::open(&own).map_err(unread)?;
            io::copy(&mut part, &mut whole).map_err(|source| FileError::Write {
                path: path.clone(),
                source,
            })?;
        }
        hashes.insert(name.to_owned(), whole.finish()?);
    }
    // What cannot be removed is in nobody's way.
    drop(std::fs::remove_dir_all(out.join(OWN_FOLDER)));
    Ok(hashes)
}

fn table_name(folder: &str, log: usize) -> String {
    format!("{folder}/log-{log:05}.parquet")
}

fn own_path(out: &Path, name: &str, log: usize) -> PathBuf {
    out.join(OWN_FOLDER).join(format!("{log:05}-{name}"))
}
