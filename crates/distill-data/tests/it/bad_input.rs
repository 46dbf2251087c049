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
    AnswerFormat, CurateConfig, CurateError, CurateInput, LogFile, LogFormat, Verdict, curate,
    curate_with_progress,
};
use flate2::{Compression, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::json;
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
        damaged: damaged
            .map(|line| (line.reason.as_str().to_owned(), line.line))
            .collect(),
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
    command.args([
        "--exact",
        "bad_input::child",
        "--nocapture",
        "--test-threads",
        "1",
    ]);
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

#[test]
fn json_bombs_are_damage_or_are_read_in_bounded_memory() {
    // Objects of one field take the most memory for their text; as many as a line may hold.
    let objects = "{\"a\":0},".repeat((1 << 19) - 100);
    let messages = r#"[{"role":"user","content":"a"}]"#;
    let wide = [
        (
            "jsonl",
            format!(r#"{{"input":"a","answer":"card","more":[{objects}0]}}"#),
            1,
        ),
        (
            "openai-chat",
            format!(
                r#"{{"messages":{messages},"response":{{"choices":[{{"message":{{"content":"card"}},"more":[{objects}0]}}]}}}}"#
            ),
            1,
        ),
        (
            "langfuse",
            json!({"input": format!("[{objects}0]"), "output": "card"}).to_string(),
            1,
        ),
        (
            "open-telemetry",
            format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{objects}{{}}]}}]}}]}}"#),
            0,
        ),
        (
            "system-one",
            format!(
                r#"{{"state":[{objects}0],"questions":{{"q":{{"type":"noul"}}}},"response":{{"answers":{{}}}}}}"#
            ),
            0,
        ),
    ];
    for (name, line, learnt) in wide {
        assert!(line.len() < MAX_LINE_BYTES);
        let (_folder, path) = file_of(|file| write!(file, "{line}\n{line}").unwrap());
        let found = outcome(&path, name);
        assert_eq!(
            (found.lines, found.learnt, found.damaged.len()),
            (2, learnt, 0),
            "{name}: {found:?}"
        );
        assert!(found.peak < 700, "{name}: {found:?}");
    }
    let deep = "[".repeat(1_000_000);
    let many = format!("[{}0]", "0,".repeat(1 << 20));
    for name in ["jsonl", "openai-decisions"] {
        let (_folder, path) = file_of(|file| write!(file, "{deep}\n{many}\n{{\"a\":{deep}").unwrap());
        let found = outcome(&path, name);
        let kinds: Vec<&str> = found.damaged.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["not_json", "too_long", "not_json"]);
        assert!(found.peak < 150, "{name}: {found:?}");
    }
}

#[test]
fn questions_and_values_of_a_decision_cost_what_they_are_and_not_their_product() {
    // A million values, each of which would be looked for among all.
    let count = (1 << 20) / 7;
    let values = vec![r#"{"value":true}"#; count].join(",");
    let probabilities = vec![r#"{"value":true,"probability":0}"#; count].join(",");
    let many_values = format!(
        r#"{{"input":"a","questions":[{{"type":"choice","choices":[{values}]}}],
        "response":{{"answers":[{{"type":"choice","choice":true,"probabilities":[{probabilities}]}}]}}}}"#
    );
    // A call for each question, with the input of all.
    let input = "a b ".repeat(1_000_000);
    let questions = vec![r#"{"type":"predicate"}"#; 10_000].join(",");
    let answers = vec![r#"{"type":"refusal"}"#; 10_000].join(",");
    let repeated =
        format!(r#"{{"input":"{input}","questions":[{questions}],"response":{{"answers":[{answers}]}}}}"#);
    let criteria: Vec<String> = (0..10_000)
        .map(|number| format!(r#""{number}":{{"type":"noul"}}"#))
        .collect();
    let states = format!(
        r#"{{"state":"{input}","questions":{{{}}},"response":{{"answers":{{}}}}}}"#,
        criteria.join(",")
    );
    let damage: &[(String, u64)] = &[("too_long".to_owned(), 1)];
    for (name, line, damaged) in [
        ("openai-decisions", many_values.replace('\n', " "), &[][..]),
        ("openai-decisions", repeated, damage),
        ("system-one", states, damage),
    ] {
        let (_folder, path) = file_of(|file| write!(file, "{line}").unwrap());
        let found = outcome(&path, name);
        assert_eq!((found.lines, &found.damaged[..]), (1, damaged), "{found:?}");
        assert!(found.peak < 500, "{name}: {found:?}");
    }
}

#[test]
fn what_a_damaged_line_says_of_itself_is_short_however_long_the_line() {
    let long = "long ".repeat(200_000);
    let lines = [
        json!({"input": "a", "answer": "card", "confidence": long}),
        json!({"input": {"a": long}, "answer": "card"}),
    ];
    let text = lines.map(|line| line.to_string()).join("\n");
    let jsonl = curated_bytes(text, LogFormat::by_name("jsonl").unwrap(), AnswerFormat::Text);
    let chat = json!({"messages": long, "response": {"choices": []}}).to_string();
    let chat = curated_bytes(chat, LogFormat::OpenaiChat, AnswerFormat::Text);
    assert_eq!((jsonl.quarantine.len(), chat.quarantine.len()), (2, 1));
    for line in jsonl.quarantine.iter().chain(&chat.quarantine) {
        assert!(
            line.detail.chars().count() <= 401 && line.raw.chars().count() <= 401,
            "{line:?}"
        );
    }
    // The end says what was expected.
    assert!(
        chat.quarantine[0].detail.ends_with("expected a sequence"),
        "{:?}",
        chat.quarantine
    );

    let refused = json!({"messages": [{"role": "user", "content": "a"}], "response": {"model": long,
        "choices": [{"message": {"refusal": long}}]}});
    let refused = curated_bytes(refused.to_string(), LogFormat::OpenaiChat, AnswerFormat::Text);
    let said = json!(refused.rejected[0].reason).to_string();
    assert!(said.len() < 500, "{said}");
    assert!(
        refused
            .manifest
            .models
            .keys()
            .all(|name| name.chars().count() <= 201)
    );
}

#[test]
fn of_two_fields_of_one_name_the_last_counts() {
    let reads = |name: &str, line: &str| {
        let format = LogFormat::by_name(name).unwrap();
        let curated = curated_bytes(line, format, AnswerFormat::Text);
        learnt(&curated)
            .into_iter()
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect::<Vec<_>>()
    };
    let last = [("last".to_owned(), "fees".to_owned())];
    assert_eq!(
        reads(
            "jsonl",
            r#"{"input": "first", "answer": "card", "input": "last", "answer": "fees"}"#
        ),
        last
    );
    assert_eq!(
        reads(
            "openai-chat",
            r#"{"messages": 7, "messages": [{"role": "user", "content": "first", "content": "last"}],
            "response": {"choices": [{"message": {"content": "card"}, "message": {"content": "fees"}}]}}"#
                .replace('\n', " ")
                .as_str()
        ),
        last
    );
    // An answer's JSON likewise.
    let line = json!({"input": "last", "answer": "{\"label\": \"card\", \"label\": \"fees\"}"}).to_string();
    let curated = curated_bytes(line, LogFormat::by_name("jsonl").unwrap(), AnswerFormat::json());
    assert_eq!(learnt(&curated)["last"], "fees");
}

#[test]
fn bombs_of_gzip_and_zstd_unpack_in_bounded_memory() {
    let gzip = {
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&vec![b' '; 1 << 24]).unwrap();
        // Parts of 16 MiB, one behind the other: a gigabyte.
        packed.finish().unwrap().repeat(64)
    };
    // RFC 8878: a frame of a 128 MiB window, then blocks that are one byte 128 KiB times.
    let window = |exponent: u8| [0x28, 0xb5, 0x2f, 0xfd, 0x00, (exponent - 10) << 3];
    let block = |is_last: u32| (is_last | 1 << 1 | (1 << 17) << 3).to_le_bytes()[..3].to_vec();
    let zstd = {
        let blocks = [block(0), vec![b' ']].concat().repeat((1 << 30) >> 17);
        [&window(27)[..], &blocks, &block(1), b" "].concat()
    };
    for (packed, peak) in [(gzip, 100), (zstd, 350)] {
        assert!(packed.len() < 2 << 20);
        let (_folder, path) = file_of(|file| file.write_all(&packed).unwrap());
        let found = outcome(&path, "jsonl");
        assert_eq!(found.damaged, [("too_long".to_owned(), 1)]);
        assert!(found.peak < peak, "{found:?}");
    }
    // A window of 2 GiB, and a frame in one piece of a terabyte.
    let one_piece = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &(1_u64 << 40).to_le_bytes()].concat();
    for header in [window(31).to_vec(), one_piece] {
        let (_folder, path) =
            file_of(|file| file.write_all(&[&header[..], &block(1), b" "].concat()).unwrap());
        let found = outcome(&path, "jsonl");
        assert_eq!(found.damaged, [("packed".to_owned(), 1)]);
        assert!(found.peak < 100, "{found:?}");
    }
}

#[test]
fn tables_of_a_million_columns_and_quotes_that_are_never_closed_take_little_memory() {
    let (_folder, path) = file_of(|file| {
        write!(file, "input,answer{}", ",more".repeat(1_000_000)).unwrap();
        for number in 0..20 {
            write!(file, "\nquestion number {number},card{}", ",x".repeat(1_000_000)).unwrap();
        }
    });
    let found = outcome(&path, "csv");
    assert_eq!((found.lines, found.damaged.len()), (20, 0), "{found:?}");
    assert!(found.learnt > 0 && found.peak < 150, "{found:?}");

    let lines = 400;
    let (_folder, path) = file_of(|file| {
        write!(file, "input,answer\n\"never closed,card\nwhere is it,card\n").unwrap();
        for _ in 0..lines {
            writeln!(file, "{}", "x".repeat(100_000)).unwrap();
        }
        write!(file, "what does it cost,fees").unwrap();
    });
    let found = outcome(&path, "csv");
    assert_eq!((found.lines, found.learnt), (lines + 3, 2), "{found:?}");
    assert_eq!(
        found.damaged[..2],
        [("wrong_shape".to_owned(), 2), ("wrong_shape".to_owned(), 4)]
    );
    assert!(found.peak < 150, "{found:?}");
}

fn curated_path(path: &Path) -> Result<distill_data::Curated, CurateError> {
    let task = Task::of_labels("bank", INTENTS.map(Label::new).to_vec()).unwrap();
    let logs = [LogFile::new(path, LogFormat::by_name("jsonl").unwrap())];
    curate(
        &CurateInput::new(&task, &logs),
        &CurateConfig::default().check().unwrap(),
    )
}

#[test]
fn what_is_no_file_that_can_be_read_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let named = |path: &Path| match curated_path(path) {
        Err(CurateError::Log(FileError::Read { path: named, .. })) => assert_eq!(named, path),
        other => panic!("{other:?}"),
    };
    named(folder.path());
    named(&folder.path().join("nowhere.jsonl"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("private.jsonl");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        match File::open(&path) {
            Ok(_) => println!("skipped: this user may read everything"),
            Err(_) => named(&path),
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_may_be_a_pipe() {
    use std::{os::fd::AsRawFd, thread};

    let text: String = (0..20_000)
        .map(|number| line("jsonl", &good(&format!("question number {number}"))) + "\n")
        .collect();
    let hash = ContentHash::of_bytes(text.as_bytes());
    let (from, mut to) = std::io::pipe().unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", from.as_raw_fd()));
    let writer = thread::spawn(move || to.write_all(text.as_bytes()).unwrap());
    let curated = curated_path(&path).unwrap();
    writer.join().unwrap();
    assert_eq!(curated.manifest.ledger.lines, 20_000);
    assert_eq!(curated.manifest.logs[0].hash, hash);
}

/// A log of so many lines, which somebody changes when the first of them has been read.
fn curated_while(change: impl Fn(&Path)) -> (distill_data::Curated, Vec<u8>) {
    let (_folder, path) = file_of(|file| {
        for number in 0..5_000 {
            writeln!(
                file,
                "{}",
                line("jsonl", &good(&format!("question number {number}")))
            )
            .unwrap();
        }
    });
    let before = fs::read(&path).unwrap();
    let task = Task::of_labels("bank", INTENTS.map(Label::new).to_vec()).unwrap();
    let logs = [LogFile::new(&path, LogFormat::by_name("jsonl").unwrap())];
    let plan = CurateConfig {
        suspects: None,
        ..CurateConfig::default()
    };
    let mut is_first = true;
    let curated = curate_with_progress(
        &CurateInput::new(&task, &logs),
        &plan.check().unwrap(),
        &mut |_| {
            if std::mem::take(&mut is_first) {
                change(&path);
            }
        },
    );
    (curated.unwrap(), before)
}

#[test]
fn a_log_that_changes_meanwhile_has_the_hash_of_what_was_read() {
    let more = line("jsonl", &good("one more question")) + "\n{\"input\": \"half a li";
    let (grown, before) = curated_while(|path| {
        let mut file = File::options().append(true).open(path).unwrap();
        file.write_all(more.as_bytes()).unwrap();
    });
    let ledger = &grown.manifest.ledger;
    assert_eq!((ledger.lines, ledger.damaged()), (5_002, 1));
    assert!(ledger.balances());
    let bytes = [&before[..], more.as_bytes()].concat();
    assert_eq!(grown.manifest.logs[0].hash, ContentHash::of_bytes(&bytes));

    let (cut, before) = curated_while(|path| {
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(0)
            .unwrap();
    });
    let ledger = &cut.manifest.ledger;
    assert!(
        ledger.balances() && (1..5_000).contains(&ledger.lines),
        "{ledger:?}"
    );
    // What was read when it was cut, which ends somewhere in the last line.
    let lines: Vec<&[u8]> = before.split_inclusive(|&byte| byte == b'\n').collect();
    let whole: usize = lines[..ledger.lines as usize - 1]
        .iter()
        .map(|line| line.len())
        .sum();
    let ends = whole..=whole + lines[ledger.lines as usize - 1].len();
    let mut hashes = ends.map(|end| ContentHash::of_bytes(&before[..end]));
    assert!(hashes.any(|hash| hash == cut.manifest.logs[0].hash));
}

#[cfg(target_os = "linux")]
#[test]
fn names_with_odd_characters_are_files_like_any_other() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    let folder = tempfile::tempdir().unwrap();
    let text = line("jsonl", &good("where is my card")) + "\nnot json\n";
    for name in [
        &b"a \"b\"\n\tc.jsonl"[..],
        b"--out",
        b"\xff\xfe.jsonl",
        "№ карта.jsonl".as_bytes(),
    ] {
        let path = folder.path().join(OsStr::from_bytes(name));
        fs::write(&path, &text).unwrap();
        let curated = curated_path(&path).unwrap();
        let out = folder.path().join("out");
        curated.write(&out).unwrap();
        let rows: Vec<distill_data::TrainRow> =
            stage_files::read_json_lines(&out.join("train.jsonl")).unwrap();
        assert_eq!(rows, curated.train);
        assert_eq!(
            rows[0].example.source.as_ref().unwrap().file,
            path.display().to_string()
        );
        assert_eq!(curated.quarantine[0].file, path.display().to_string());
    }
}

#[test]
fn the_verdict_turns_where_more_than_the_allowed_share_is_damaged() {
    let verdict = |damaged: usize, good_lines: usize, allowed: f64| {
        let (_folder, path) = file_of(|file| {
            (0..damaged).for_each(|_| writeln!(file, "{{\n").unwrap());
            let rows = (0..good_lines).map(|number| line("jsonl", &good(&format!("question {number}"))));
            rows.for_each(|row| writeln!(file, "{row}\n ").unwrap());
        });
        let task = Task::of_labels("bank", INTENTS.map(Label::new).to_vec()).unwrap();
        let logs = [LogFile::new(&path, LogFormat::by_name("jsonl").unwrap())];
        let config = CurateConfig {
            max_damaged_share: allowed,
            ..CurateConfig::default()
        };
        let curated = curate(&CurateInput::new(&task, &logs), &config.check().unwrap()).unwrap();
        assert!(curated.manifest.ledger.balances());
        curated.manifest.verdict
    };
    let too_damaged = |share: f64, allowed: f64| Verdict::TooDamaged { share, allowed };
    // At the share itself, and a line beyond it; blank lines count for nothing.
    assert_eq!(verdict(1, 19, 0.05), Verdict::Usable);
    assert_eq!(verdict(1, 18, 0.05), too_damaged(1.0 / 19.0, 0.05));
    assert_eq!(verdict(3, 7, 0.3), Verdict::Usable);
    assert_eq!(verdict(0, 1, 0.0), Verdict::Usable);
    assert_eq!(verdict(1, 1000, 0.0), too_damaged(1.0 / 1001.0, 0.0));
    // A log of one line, all damaged, and of none.
    assert_eq!(verdict(1, 0, 0.05), too_damaged(1.0, 0.05));
    assert_eq!(verdict(50, 0, 0.99), too_damaged(1.0, 0.99));
    assert_eq!(verdict(1, 0, 1.0), Verdict::NothingKept);
    assert_eq!(verdict(0, 0, 0.0), Verdict::NothingKept);
}
