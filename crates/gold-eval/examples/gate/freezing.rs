//! `gate freeze` and `gate diff`: the versions of a gold set.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use clap::Args;
use gold_eval::{GoldDiff, GoldKind, GoldLock, GoldSet, Reasons, preview_freeze};
use stage_files::read_json;
use task_spec::Task;

use crate::{GoldFiles, say, with_task};

#[derive(Args)]
pub(crate) struct FreezeFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The version to freeze it as; other content needs a higher one.
    #[arg(long = "as-version", alias = "version", default_value_t = 1)]
    version: u32,
    #[command(flatten)]
    why: Why,
}

/// Why rows of the version before are removed, relabelled or reworded. Rows that are only added need no reason.
#[derive(Args)]
struct Why {
    /// One reason for every row that changes.
    #[arg(long, value_name = "REASON")]
    because: Option<String>,
    /// Reasons row by row: JSON lines of {"id", "reason"}.
    #[arg(long, value_name = "FILE")]
    reasons: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct DiffFiles {
    #[command(flatten)]
    gold: GoldFiles,
    /// The version that the gold file would be frozen as; unless given the one after the lock's.
    #[arg(long = "as-version")]
    version: Option<u32>,
    /// Compare with this frozen version, such as gold.v1.jsonl, in place of the newest.
    #[arg(long, value_name = "FILE", conflicts_with = "version")]
    against: Option<PathBuf>,
    /// Print the change as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    why: Why,
}

pub(crate) fn freeze(files: &FreezeFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => freeze_for(task, files))
}

fn freeze_for<K: GoldKind>(task: &Task<K>, files: &FreezeFiles) -> Result<u8, Box<dyn Error>> {
    let frozen = GoldSet::freeze_because(&files.gold.gold, task, files.version, &reasons(&files.why)?)?;
    let lock = frozen.gold.lock();
    if let (Some(diff), Some(path)) = (&frozen.diff, &frozen.diff_file) {
        say(&format!("{diff}\nwritten to {}", path.display()))?;
        say("a baseline of the version before is carried over by `gate carry`")?;
    }
    say(&format!(
        "frozen as version {}: {} rows, content {}",
        lock.version,
        lock.rows,
        lock.hash.short()
    ))?;
    Ok(0)
}

/// What freezing would do, or what changed since an earlier version. Nothing is written.
pub(crate) fn diff(files: &DiffFiles) -> Result<u8, Box<dyn Error>> {
    with_task!(&files.gold.task, task => diff_for(task, files))
}

fn diff_for<K: GoldKind>(task: &Task<K>, files: &DiffFiles) -> Result<u8, Box<dyn Error>> {
    let open = |gold: &Path| GoldSet::open(gold, &gold.with_extension("lock"), task);
    let diff = match &files.against {
        Some(against) => Some(GoldDiff::between(&open(against)?, &open(&files.gold.gold)?)),
        None => {
            let lock: GoldLock = read_json(&files.gold.gold.with_extension("lock"))?;
            let version = files.version.unwrap_or(lock.version.saturating_add(1));
            preview_freeze(&files.gold.gold, task, version, &reasons(&files.why)?)?.diff
        }
    };
    match diff {
        None => say("the gold file is what was frozen as this version")?,
        Some(diff) if files.json => say(&serde_json::to_string_pretty(&diff)?)?,
        Some(diff) if diff.is_empty() => say(&format!("nothing differs from version {}", diff.from.version))?,
        Some(diff) => {
            say(&diff.to_string())?;
            let unexplained = diff.unexplained().len();
            match &files.against {
                _ if unexplained == 0 => {}
                None => say(&format!(
                    "{unexplained} changed rows need a reason before this can be frozen"
                ))?,
                Some(_) => say("reasons are in the gold.v*.diff.json of the versions in between")?,
            }
        }
    }
    Ok(0)
}

fn reasons(why: &Why) -> Result<Reasons, Box<dyn Error>> {
    let reasons = Reasons::default().with_every(why.because.clone().unwrap_or_default());
    Ok(match &why.reasons {
        Some(path) => reasons.with_file(path)?,
        None => reasons,
    })
}
