//! The example `gate` as a process: exit codes, streams, files.

use std::{
    env::{self, consts::EXE_SUFFIX},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use gold_eval::{GateConfig, PredictedRow, Preset, TeacherAnswer};
use stage_files::write_json_lines;
use task_spec::Prediction;

use crate::world::World;

/// The program, which `cargo test` builds beside the tests.
fn gate() -> Command {
    let tests = env::current_exe().unwrap();
    let program = tests
        .ancestors()
        .nth(2)
        .unwrap()
        .join(format!("examples/gate{EXE_SUFFIX}"));
    assert!(
        program.exists(),
        "{} is not built: `cargo test -p gold-eval` builds it, with `--test it` add `--example gate`",
        program.display()
    );
    Command::new(program)
}

/// A folder with a task, a frozen gold set, a pinned baseline, and answers of which one category is wrong by a share.
struct Files {
    world: World,
}

impl Files {
    fn new(teacher: f64, candidate: f64) -> Self {
        let world = World::new(&[60, 60, 60]);
        let task = toml::to_string(&world.task).unwrap();
        fs::write(world.path("task.toml"), task).unwrap();
        fs::write(world.path("prompt.txt"), "Choose one label.").unwrap();
        let files = Self { world };
        let teacher = files.world.answers(1, |_, _| teacher);
        let teacher = teacher.into_iter().map(|(id, answer)| TeacherAnswer {
            id,
            answer,
            confidence: None,
        });
        write_json_lines(&files.path("teacher.jsonl"), teacher).unwrap();
        files.write_predictions(candidate, false);
        let pinned = files.run(&[
            "pin",
            "--answers",
            "teacher.jsonl",
            "--model",
            "teacher-2026-05-01",
            "--prompt",
            "prompt.txt",
        ]);
        assert_eq!(code(&pinned), 0, "{}", said(&pinned));
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.path(name)
    }

    fn write_predictions(&self, accuracy: f64, is_reversed: bool) {
        let answers = self.world.answers(2, |_, _| accuracy);
        let mut rows: Vec<PredictedRow> = (answers.into_iter().enumerate())
            .map(|(i, (id, answer))| PredictedRow {
                id,
                prediction: Prediction::new(answer).with_confidence(0.5 + (i % 40) as f64 / 80.0),
            })
            .collect();
        if is_reversed {
            rows.reverse();
        }
        write_json_lines(&self.path("predictions.jsonl"), rows).unwrap();
    }

    /// A subcommand on these files, in their folder.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = gate();
        command
            .current_dir(self.world.folder.path())
            .env_remove("GITHUB_STEP_SUMMARY");
        command
            .arg(arguments[0])
            .args(["--task", "task.toml", "--gold", "gold.jsonl"])
            .args(&arguments[1..]);
        command
    }

    fn judging(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&[
            "judge",
            "--baseline",
            "baseline.json",
            "--predictions",
            "predictions.jsonl",
        ]);
        command.args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn judge(&self, arguments: &[&str]) -> Output {
        self.judging(arguments).output().unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_clear_winner_exits_with_0_and_leaves_its_reports() {
    let files = Files::new(0.8, 1.0);
    let output = files.judge(&["--out", "run"]);
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert!(said(&output).starts_with("SHIP"), "{}", said(&output));
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert!(files.path("run").join(name).exists(), "{name}");
    }
    assert!(
        !said(&output).contains('\u{1b}'),
        "colour where there is no terminal"
    );
}

#[test]
fn a_clear_loser_exits_with_1() {
    let files = Files::new(1.0, 0.6);
    let output = files.judge(&[]);
    assert_eq!(code(&output), 1, "{}", said(&output));
    assert!(
        said(&output).contains("✕ fail") && output.stderr.is_empty(),
        "{}",
        said(&output)
    );
}

#[test]
fn two_models_alike_exit_with_2() {
    let files = Files::new(0.9, 0.9);
    let output = files.judge(&["--preset", "strict"]);
    assert_eq!(code(&output), 2, "{}", said(&output));
    assert!(
        said(&output).contains("What would settle it, cheapest first"),
        "{}",
        said(&output)
    );
}

#[test]
fn broken_input_exits_with_3_and_names_the_file() {
    let files = Files::new(0.8, 1.0);
    let broken = |name: &str, content: &str| fs::write(files.path(name), content).unwrap();
    broken(
        "line.jsonl",
        "{\"id\":\"g0000\",\"answer\":\"label-00\"}\n{\"id\":\n",
    );
    broken("few.jsonl", "{\"id\":\"g0000\",\"answer\":\"label-00\"}\n");
    broken("slow.jsonl", "{\"latency_ms\":-3}\n");
    broken(
        "unknown.toml",
        "[[rules]]\nrule = \"category_floor\"\nrecall = 0.5\ncategories = [\"fraud\"]\n",
    );
    broken(
        "wrong.toml",
        "[[rules]]\nrule = \"latency\"\npercentile = 95\nmax_msec = 50\n",
    );
    for (arguments, named) in [
        (["--predictions", "missing.jsonl"], "missing.jsonl"),
        (["--predictions", "line.jsonl"], "line.jsonl, line 2"),
        (["--predictions", "few.jsonl"], "g0001"),
        (["--usage", "slow.jsonl"], "latency_ms is -3 in answer 1"),
        (["--usd-per-answer", "NaN"], "--usd-per-answer"),
        (["--gate", "unknown.toml"], "\"fraud\""),
        (["--gate", "wrong.toml"], "wrong.toml"),
        (["--gate", "nowhere.toml"], "nowhere.toml"),
        (["--baseline", "predictions.jsonl"], "predictions.jsonl"),
    ] {
        let mut command = files.command(&["judge"]);
        for (flag, usual) in [
            ("--baseline", "baseline.json"),
            ("--predictions", "predictions.jsonl"),
        ] {
            if arguments[0] != flag {
                command.args([flag, usual]);
            }
        }
        let output = command.args(arguments).output().unwrap();
        assert_eq!(code(&output), 3, "{arguments:?}: {}", said(&output));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(
            error.starts_with("error: ") && error.contains(named),
            "{arguments:?}: {error}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    fs::write(
        files.path("gold.jsonl"),
        "{\"id\":\"g0000\",\"input\":\"other\",\"label\":\"label-00\"}\n",
    )
    .unwrap();
    assert_eq!(code(&files.judge(&[])), 3, "an edited gold set");
}

#[test]
fn wrong_usage_exits_with_3_and_help_with_0() {
    let run = |arguments: &[&str]| gate().args(arguments).output().unwrap();
    for arguments in [
        &["judge"][..],
        &["fly"],
        &[],
        &["judge", "--preset", "lenient"],
        &["presets", "lenient"],
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 3, "{arguments:?}: {}", said(&output));
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{arguments:?}"
        );
    }
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["judge", "--help"],
        &["help", "judge"],
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), 0, "{arguments:?}: {}", said(&output));
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
    let help = said(&run(&["judge", "--help"]));
    for line in ["0  ship", "1  hold", "2  cannot tell", "3  no verdict"] {
        assert!(help.contains(line), "{help}");
    }
}

#[test]
fn a_reader_that_has_gone_does_not_change_the_verdict() {
    let files = Files::new(1.0, 0.6);
    let mut child = files
        .judging(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (code(&output), output.stderr.is_empty()),
        (1, true),
        "{}",
        said(&output)
    );
}

#[test]
fn an_output_that_cannot_be_written_exits_with_3() {
    let files = Files::new(0.8, 1.0);
    // A file is where the folder should be, which no user may pass, root included.
    let output = files.judge(&["--out", "task.toml/run"]);
    assert_eq!(code(&output), 3, "{}", said(&output));
    assert!(said(&output).contains("task.toml"), "{}", said(&output));
    let output = files.judge(&["--history", "task.toml/history.jsonl"]);
    assert_eq!(code(&output), 3, "{}", said(&output));
    let full = Path::new("/dev/full");
    if full.exists() {
        let stdout = fs::OpenOptions::new().write(true).open(full).unwrap();
        let output = files.judging(&[]).stdout(stdout).output().unwrap();
        assert_eq!(code(&output), 3, "{}", said(&output));
    } else {
        println!("skipped the full disk: this system has no /dev/full");
    }
}

#[test]
fn the_same_files_give_the_same_bytes_whatever_the_order_of_lines_and_the_threads() {
    let files = Files::new(0.8, 0.9);
    let arguments = [
        "--at",
        "2026-11-05",
        "--usage",
        "usage.jsonl",
        "--gate",
        "gate.toml",
    ];
    let latencies = |order: &mut dyn Iterator<Item = u32>| {
        let lines: Vec<String> = order
            .map(|i| format!("{{\"latency_ms\":{i}.5,\"cost_usd\":0.00{i}}}"))
            .collect();
        fs::write(files.path("usage.jsonl"), lines.join("\n")).unwrap();
    };
    let every_rule = gate().arg("rules").output().unwrap().stdout;
    fs::write(files.path("gate.toml"), every_rule).unwrap();
    latencies(&mut (1..400));
    files
        .judging(&[&arguments[..], &["--out", "a"]].concat())
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    latencies(&mut (1..400).rev());
    files.write_predictions(0.9, true);
    files
        .judging(&[&arguments[..], &["--out", "b"]].concat())
        .env("RAYON_NUM_THREADS", "5")
        .output()
        .unwrap();
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        let read = |run: &str| fs::read(files.path(run).join(name)).unwrap();
        assert!(read("a") == read("b"), "{name} differs");
    }
}

#[test]
fn a_preset_printed_is_the_preset_and_every_rule_is_there() {
    let print =
        |arguments: &[&str]| String::from_utf8(gate().args(arguments).output().unwrap().stdout).unwrap();
    for preset in Preset::ALL {
        let text = print(&["presets", &preset.to_string()]);
        let config: GateConfig = toml::from_str(&text).unwrap();
        assert_eq!(config.name, format!("our-{preset}"));
        assert_eq!(config.rules, preset.config().rules, "{text}");
        assert!(print(&["presets"]).contains(&preset.to_string()));
    }
    let all: GateConfig = toml::from_str(&print(&["rules"])).unwrap();
    let names: Vec<&str> = all.rules.iter().map(|rule| rule.name()).collect();
    // The names that serde lists where it meets an unknown one are all that there are.
    let unknown = toml::from_str::<GateConfig>("[[rules]]\nrule = \"vibes\"")
        .unwrap_err()
        .to_string();
    let known = unknown.split('`').skip(3).step_by(2);
    let missing: Vec<&str> = known.filter(|name| !names.contains(name)).collect();
    assert!(
        missing.is_empty() && names.len() == 14,
        "{missing:?} not printed; {unknown}"
    );
    all.check().unwrap();
}

#[test]
fn a_run_on_github_is_annotated_and_its_table_is_no_command() {
    let files = Files::new(1.0, 0.6);
    let summary = files.path("summary.md");
    fs::write(&summary, "# Before\n").unwrap();
    let output = files
        .judging(&["--github"])
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    assert_eq!(code(&output), 1);
    let text = String::from_utf8(output.stdout).unwrap();
    let first = text.lines().next().unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    let (_, annotations) = text.split_once(&format!("::{token}::\n")).unwrap();
    assert!(
        annotations.starts_with("::error title=Gate%3A hold::"),
        "{annotations}"
    );
    let written = fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("# Before\n## ❌ Hold: demo"), "{written}");
}

/// A folder with a frozen gold set of sentences and a teacher's answers that are pinned: wrong in every fourth row.
struct Sentences {
    folder: tempfile::TempDir,
}

const ASKED: [&str; 4] = ["--model", "teacher-2026-05-01", "--prompt", "prompt.txt"];

impl Sentences {
    fn new() -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let task =
            "name = \"shops\"\n[output]\nkind = \"sentence\"\n[output.style.fields.change]\nunit = \"%\"\n";
        files.write("task.toml", &[task.to_owned()]);
        files.write("prompt.txt", &["Say it.".to_owned()]);
        files.write("gold.jsonl", &(0..60).map(Self::row).collect::<Vec<_>>());
        let wrong = |i: usize| if i.is_multiple_of(4) { 90 } else { 2 + i % 7 };
        let teacher: Vec<String> = (0..60).map(|i| Self::answer(i, wrong(i))).collect();
        files.write("teacher.jsonl", &teacher);
        assert_eq!(code(&files.run(&["freeze"])), 0);
        let pinned = files.run(&[&["pin", "--answers", "teacher.jsonl"][..], &ASKED].concat());
        assert!(said(&pinned).contains("45 of 60 rows right"), "{}", said(&pinned));
        files
    }

    fn row(i: usize) -> String {
        let name = ["Alder", "Birch", "Cedar"][i % 3];
        format!(
            r#"{{"id":"{i}","row":{{"shop":"{name}","change":{}}}}}"#,
            2 + i % 7
        )
    }

    fn answer(i: usize, change: usize) -> String {
        let name = ["Alder", "Birch", "Cedar"][i % 3];
        format!(r#"{{"id":"{i}","answer":"Sales at {name} rose by {change}%.","latency_ms":5}}"#)
    }

    fn write(&self, name: &str, lines: &[String]) {
        fs::write(self.folder.path().join(name), format!("{}\n", lines.join("\n"))).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = gate();
        command
            .current_dir(self.folder.path())
            .env_remove("GITHUB_STEP_SUMMARY")
            .arg(arguments[0])
            .args(["--task", "task.toml", "--gold", "gold.jsonl"])
            .args(&arguments[1..]);
        command.output().unwrap()
    }
}

#[test]
fn sentences_are_frozen_pinned_and_judged_like_labels() {
    let files = Sentences::new();
    let ours: Vec<String> = (0..60).map(|i| Sentences::answer(i, 2 + i % 7)).collect();
    files.write("predictions.jsonl", &ours);
    let judge = [
        "judge",
        "--baseline",
        "baseline.json",
        "--predictions",
        "predictions.jsonl",
    ];
    let judged = files.run(&[&judge[..], &["--out", "run", "--github"]].concat());
    assert_eq!(code(&judged), 0, "{}", said(&judged));
    let text = said(&judged);
    for part in [
        "SHIP",
        "Checks, worst first",
        "says change",
        "latency p50 5",
        "::notice",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("ategor"), "{text}");
    for file in ["report.json", "report.md", "report.html", "junit.xml"] {
        assert!(files.folder.path().join("run").join(file).exists(), "{file}");
    }
}

#[test]
fn a_baseline_of_sentences_is_carried_over_like_one_of_labels() {
    let files = Sentences::new();
    files.write("gold.jsonl", &(0..61).map(Sentences::row).collect::<Vec<_>>());
    assert!(said(&files.run(&["diff"])).contains("1 added"));
    assert_eq!(code(&files.run(&["freeze", "--as-version", "2"])), 0);
    let carry = ["carry", "--from", "baseline.json"];
    let asking = files.run(&[&carry[..], &["--ask", "ask.jsonl"]].concat());
    assert!(said(&asking).contains("60 answers of"), "{}", said(&asking));
    let question = fs::read_to_string(files.folder.path().join("ask.jsonl")).unwrap();
    assert!(
        question.contains(r#""id":"60""#) && question.contains("Alder"),
        "{question}"
    );
    files.write("answers.jsonl", &[Sentences::answer(60, 6)]);
    let answers = ["--answers", "answers.jsonl", "--baseline", "baseline.v2.json"];
    let carried = files.run(&[&carry[..], &answers, &ASKED].concat());
    assert!(
        said(&carried).contains("46 of 61 rows right"),
        "{}",
        said(&carried)
    );
}
