//! Runs in a process of their own: killed for good, and on a disk that is full.
//!
//! The process is this very test program, told by an environment variable to play the child.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write, stdout},
    ops::ControlFlow,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use lora_train::{Event, Progress, TrainConfig};

use crate::fixtures::fixture::chain as told;
use crate::setting::{Setting, Until, adapter_bytes, config, is_left_to_the_cpu};

/// Where the child is to train.
const FOLDER: &str = "LORA_TRAIN_TEST_FOLDER";
/// What the child says at every step, so that it can be told from what the test program itself says.
const STEP: &str = "the step is ";

/// A checkpoint after every step, so that many are killed while one is written.
fn often() -> TrainConfig {
    TrainConfig {
        checkpoint_steps: 1,
        keep_checkpoints: 3,
        ..config()
    }
}

/// Says every step as it is done.
struct Aloud;

impl Progress for Aloud {
    fn event(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Step { step, .. } = event {
            let mut out = stdout().lock();
            let _ = writeln!(out, "{STEP}{step}").and_then(|()| out.flush());
        }
        ControlFlow::Continue(())
    }
}

/// Not a test: what the child does. Without the variable it has nothing to do.
#[test]
fn child() {
    let Some(folder) = env::var_os(FOLDER) else {
        return;
    };
    if let Err(error) = Setting::new().run(often(), Path::new(&folder), &mut Aloud) {
        let _ = writeln!(stdout(), "failed: {}", told(&error));
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

/// Runs a child until it says a step, and kills it a moment later; how it ended.
fn kill_after(step: usize, moment: Duration, folder: &Path) -> ExitStatus {
    let this = Command::new(env::current_exe().unwrap());
    let mut child = child_in(folder, this).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    for line in said.lines().map_while(Result::ok) {
        if line.ends_with(&format!("{STEP}{step}")) {
            break;
        }
    }
    thread::sleep(moment);
    // SIGKILL: nothing of the child runs after it.
    child.kill().unwrap();
    child.wait().unwrap()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_in_the_bytes_of_one_that_was_not() {
    // Besides, a GPU's backend chooses its kernels anew in each process, and other kernels round otherwise.
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let whole = tempfile::tempdir().unwrap();
    let expected = setting.run(often(), whole.path(), &mut ()).unwrap();
    let killed = tempfile::tempdir().unwrap();
    // Somewhere in a step, or in the checkpoint after it; the last two before the end of the first epoch and after.
    for (step, microseconds) in [(1, 0), (2, 1500), (3, 300), (5, 4000), (8, 900)] {
        let status = kill_after(step, Duration::from_micros(microseconds), killed.path());
        assert!(!status.success(), "the child was not killed in time");
        assert!(!killed.path().join("training.json").exists());
    }
    let resumed = setting.run(often(), killed.path(), &mut ()).unwrap();
    assert_eq!(adapter_bytes(killed.path()), adapter_bytes(whole.path()));
    assert_eq!(resumed.curve, expected.curve);
    assert_eq!(resumed.self_check, expected.self_check);
}

/// The system refuses to let a file grow beyond a limit, as a full disk does.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_ends_the_run_with_the_last_good_checkpoint_in_place() {
    // Besides, a GPU's backend chooses its kernels anew in each process, and other kernels round otherwise.
    if is_left_to_the_cpu() {
        return;
    }
    let setting = Setting::new();
    let whole = tempfile::tempdir().unwrap();
    setting.run(often(), whole.path(), &mut ()).unwrap();

    let full = tempfile::tempdir().unwrap();
    let mut until = Until { step: 4, dies: false };
    setting.run(often(), full.path(), &mut until).unwrap_err();
    let checkpoints = |folder: &Path| {
        let entries = fs::read_dir(folder.join("checkpoints")).unwrap();
        let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        found.sort();
        found
            .iter()
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect::<Vec<_>>()
    };
    let before = checkpoints(full.path());
    assert_eq!(before.len(), 3, "the last three are kept");

    let limited = {
        let mut shell = Command::new("bash");
        // In KiB; a write beyond it fails instead of ending the process.
        shell.args(["-c", "ulimit -f 64; trap '' XFSZ; exec \"$0\" \"$@\""]);
        shell.arg(env::current_exe().unwrap());
        shell
    };
    let output = child_in(full.path(), limited).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(7), "{said}");
    assert!(
        said.contains("failed: a checkpoint could not be written"),
        "{said}"
    );
    // Whole, and nothing half-written beside them.
    assert_eq!(checkpoints(full.path()), before);

    setting.run(often(), full.path(), &mut ()).unwrap();
    assert_eq!(adapter_bytes(full.path()), adapter_bytes(whole.path()));
}
