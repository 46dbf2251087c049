//! Files that nobody would call a log: an answer in bounded memory.
//!
//! Memory is that of a process of its own, which is this very test program, told by environment variables to play the child.

use std::{
    env, fs,
    fs::File,
    io::{BufWriter, Seek, SeekFrom, Write, stdout},
    path::{Path, PathBuf},
    process::Command,
};

use distill_data::{
    AnswerFormat, CurateConfig, CurateError, CurateInput, LogFile, LogFormat, Verdict, curate, curate_with_progress,
};
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stage_files::{ContentHash, FileError, MAX_LINE_BYTES};
use task_spec::{Label, Task};

use crate::{
    rendered::{Asked, header, line},
    support::{INTENTS, curated_bytes, curated_file, learnt},
};

const FILE: &str = "DISTILL_DATA_TEST_FILE";
const FORMAT: &str = "DISTILL_DATA_TEST_FORMAT";
/// What stands before the child's answer.
const ANSWER: &str = "the answer is ";

/// What came of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Outcome {
    lines: u64,
    /// Kinds of damage with the lines.
    damaged: Vec<(String, u64)>,
    learnt: usize,
    rejected: u64,
    /// The most memory that the process had, in MiB.
    peak: u64,
}

/// Not a test: what the child does. Without the variables it has nothing to do.
#[test]
fn child() {
    let (Some(file), Ok(format)) = (env::var_os(FILE), env::var(FORMAT)) else {
        return;
    };
    let format = LogFormat::by_name(&format).unwrap();
    let curated = curated_file(Path::new(&file), format, &INTENTS, AnswerFormat::Text);
    let damaged = curated.quarantine.iter().take(5);
    let outcome = Outcome {
        lines: curated.manifest.ledger.lines,
        damaged: damaged.map(|line| (line.reason.as_str().to_owned(), line.line)).collect(),
        learnt: curated.train.len(),
        rejected: curated.manifest.ledger.rejected.values().sum(),
        peak: peak(),
    };
    let _ = writeln!(stdout(), "{ANSWER}{}", json!(outcome));
}

/// The most memory that this process has had, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// Curates a file in a process of its own.
fn outcome(path: &Path, format: &str) -> Outcome {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "bad_input::child", "--nocapture", "--test-threads", "1"]);
    let output = command.env(FILE, path).env(FORMAT, format).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let answer = said.lines().find_map(|line| line.split_once(ANSWER));
    let (_, answer) = answer.unwrap_or_else(|| panic!("{said} {}", String::from_utf8_lossy(&output.stderr)));
    serde_json::from_str(answer).unwrap()
}

fn good(input: &str) -> Asked {
    Asked {
        id: "1".to_owned(),
        input: input.to_owned(),
        answer: "card".to_owned(),
        offered: INTENTS.map(str::to_owned).to_vec(),
        probability: 0.9,
    }
}

/// A folder with a file in it.
fn file_of(write: impl FnOnce(&mut BufWriter<File>)) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    write(&mut file);
    file.flush().unwrap();
    (folder, path)
}

#[test]
fn a_file_of_nothing_is_an_empty_log_in_every_format() {
    for name in LogFormat::NAMES {
        for bytes in [&b""[..], b"\n", b" \n\r\n\t\n", b"\xef\xbb\xbf"] {
            let curated = curated_bytes(bytes, LogFormat::by_name(name).unwrap(), AnswerFormat::Text);
            assert!(curated.manifest.ledger.lines <= 1, "{name}");
            assert_eq!(curated.manifest.verdict, Verdict::NothingKept, "{name}");
        }
    }
}

#[test]
fn a_line_of_a_gigabyte_takes_no_memory_and_the_lines_around_it_are_read() {
    for name in ["jsonl", "csv", "open-telemetry"] {
        let (_folder, path) = file_of(|file| {
            let mut say = |line: &str| writeln!(file, "{line}").unwrap();
            header(name).map(&mut say);
            say(&line(name, &good("where is my card")));
            // Zeros that take no room on the disk.
            file.seek(SeekFrom::Current(1 << 30)).unwrap();
            write!(file, "\n{}", line(name, &good("what does it cost"))).unwrap();
        });
        let found = outcome(&path, name);
        let first = header(name).map_or(1, |_| 2);
        assert_eq!((found.lines, found.learnt), (3, 2), "{name}: {found:?}");
        assert_eq!(found.damaged, [("too_long".to_owned(), first + 1)]);
        assert!(found.peak < 100, "{name}: {found:?}");
    }
}
