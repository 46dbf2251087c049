//! Runs in a process of their own: killed at any moment, and on a disk that is full.
//!
//! The process is this very test program, told by an environment variable to play the child.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::{Write as _, stdout},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use distill_data::{CurateConfig, CurateInput, LogFile, LogFormat, Manifest, curate};
use stage_files::{ContentHash, read_json};
use task_spec::{Label, Task};

/// Where the child finds `log.jsonl`, and writes `out`.
const FOLDER: &str = "DISTILL_DATA_TEST_FOLDER";

/// A log whose rows end in every file.
fn write_log(folder: &Path) {
    let mut log = String::new();
    let places = ["oslo", "lima", "kyiv", "bonn", "rome", "cork", "baku", "doha"];
    for number in 0..6_000_u32 {
        let mixed = number.wrapping_mul(2_654_435_761);
        let place = places[(mixed >> 8) as usize % places.len()];
        let shop = mixed % 4_000;
        let _ = match mixed >> 24 {
            0..10 => writeln!(log, "{{\"input\": \"cut off at {number}"),
            10..20 => writeln!(log, r#"{{"input": "shop {shop} {place}", "answer": "taxis"}}"#),
            20..40 => writeln!(
                log,
                r#"{{"input": "shop {shop} {place}", "answer": "fuel", "confidence": 0.2}}"#
            ),
            kind => {
                let label = if kind % 2 == 0 { "coffee" } else { "fuel" };
                writeln!(
                    log,
                    r#"{{"input": "shop {shop} of {label} {place}", "answer": "{label}", "confidence": 0.9}}"#
                )
            }
        };
    }
    fs::write(folder.join("log.jsonl"), log).unwrap();
}

fn run(folder: &Path) -> Result<Manifest, Box<dyn Error>> {
    let task = Task::of_labels("spend", vec![Label::new("coffee"), Label::new("fuel")])?;
    let log = folder.join("log.jsonl");
    // The outputs name the log as it was given, so that it has to be the same in every folder.
    env::set_current_dir(folder)?;
    let logs = [LogFile::new(
        log.strip_prefix(folder)?,
        LogFormat::by_name("jsonl").ok_or("no format")?,
    )];
    let plan = CurateConfig::default().check()?;
    Ok(curate(&CurateInput::new(&task, &logs), &plan)?.write(Path::new("out"))?)
}

/// Not a test: what the child does. Without the variable it has nothing to do.
#[test]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    if let Err(error) = run(Path::new(&folder)) {
        let cause = error.source().map(ToString::to_string);
        let _ = writeln!(stdout(), "failed: {error}: {}", cause.unwrap_or_default());
        std::process::exit(7);
    }
}

fn child_in(folder: &Path, mut command: Command) -> Command {
    command.args(["--exact", "killed::child", "--nocapture", "--test-threads", "1"]);
    command
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn this_program() -> Command {
    Command::new(env::current_exe().unwrap())
}

fn undisturbed(folder: &Path) -> Duration {
    let start = Instant::now();
    let status = child_in(folder, this_program()).status().unwrap();
    assert!(status.success(), "{status}");
    start.elapsed()
}

/// SIGKILL after a while: nothing of the child runs after it.
fn killed_after(delay: Duration, folder: &Path) -> ExitStatus {
    let mut child = child_in(folder, this_program()).spawn().unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap()
}

/// What lies in the folder by name; nothing if it is not there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder.join("out")) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect()
}

/// Whether the manifest is that of the files.
fn is_complete(folder: &Path) -> bool {
    let out = folder.join("out");
    let Ok(manifest) = read_json::<Manifest>(&out.join("manifest.json")) else {
        return false;
    };
    let is_that = |(name, hash): (&String, &ContentHash)| {
        ContentHash::of_file(&out.join(name)).is_ok_and(|found| found == *hash)
    };
    manifest.outputs.len() == 10 && manifest.outputs.iter().all(is_that)
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(".partial-")
}

#[test]
fn killed_at_any_moment_no_file_is_half_written_and_the_next_run_ends_in_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    write_log(whole.path());
    let mut time = undisturbed(whole.path());
    let expected = files(whole.path());
    assert!(is_complete(whole.path()));
    assert_eq!(expected.len(), 11);
    assert!(
        expected.values().all(|bytes| bytes.len() > 100),
        "a file is not put to the test"
    );

    let killed = tempfile::tempdir().unwrap();
    write_log(killed.path());
    let (mut kills, mut incomplete, mut leftovers) = (0, 0, 0);
    for moment in 0..60_u32 {
        // All over the run, and mostly at its end, where files are written.
        let share = 1.0 - (f64::from(moment) / 60.0).powi(2);
        let status = killed_after(time.mul_f64(share), killed.path());
        match status.success() {
            // The machine has less to do than when the time was taken.
            true => time = time.mul_f64(0.9),
            false => kills += 1,
        }
        let found = files(killed.path());
        for (name, bytes) in found.iter().filter(|(name, _)| !is_temporary(name)) {
            assert!(expected[name] == *bytes, "{name} is half-written");
        }
        leftovers += found.keys().filter(|name| is_temporary(name)).count();
        let has_all = expected.keys().all(|name| found.contains_key(name));
        assert_eq!(is_complete(killed.path()), has_all);
        incomplete += usize::from(!has_all);
        if moment % 4 == 0 {
            // Else what one run has left is what the next begins with.
            let _ = fs::remove_dir_all(killed.path().join("out"));
        }
    }
    assert!(
        kills > 20 && incomplete > 10,
        "{kills} kills, {incomplete} incomplete"
    );
    // As a kill in the middle of writing leaves it, whether or not one of them was there.
    fs::create_dir_all(killed.path().join("out")).unwrap();
    fs::write(killed.path().join("out/.partial-x1Y2z3"), "{\"id\": \"half").unwrap();
    undisturbed(killed.path());
    assert!(files(killed.path()) == expected, "{leftovers} leftovers");
    assert!(is_complete(killed.path()));
}

#[test]
fn files_of_an_older_run_under_a_killed_one_are_seen_not_to_be_complete() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    undisturbed(folder.path());
    // The log has changed, and the run on it ended between two files.
    fs::write(folder.path().join("out/train.jsonl"), "").unwrap();
    assert!(!is_complete(folder.path()));
}

/// The system refuses to let a file grow beyond a limit, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_is_an_error_that_names_the_file_and_leaves_the_old_ones() {
    let folder = tempfile::tempdir().unwrap();
    write_log(folder.path());
    undisturbed(folder.path());
    let before = files(folder.path());
    let largest = before.values().map(Vec::len).max().unwrap();
    let limit = largest / 1024 / 2;
    assert!(limit > 100, "the files are too small to fill a disk");

    // Other rows than before, so that an old file is told from a new one.
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    fs::write(folder.path().join("log.jsonl"), log.replace("shop", "store")).unwrap();
    let mut limited = Command::new("bash");
    // In KiB; a write beyond it fails instead of ending the process.
    limited.args([
        "-c",
        &format!("ulimit -f {limit}; trap '' XFSZ; exec \"$0\" \"$@\""),
    ]);
    limited.arg(env::current_exe().unwrap());
    let output = child_in(folder.path(), limited).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(
        said.contains("failed: cannot write out/train.jsonl: File too large"),
        "{said}"
    );
    assert!(files(folder.path()) == before);

    undisturbed(folder.path());
    let after = files(folder.path());
    assert!(is_complete(folder.path()) && after["train.jsonl"] != before["train.jsonl"]);
}
