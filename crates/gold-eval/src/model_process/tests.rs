use std::{
    error::Error,
    fs,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use task_spec::PredictError;

use super::*;
use crate::{TimedRow, answer_source::AnswerSource};

/// Answers every question with `a`, after it has read them all.
const READS_ALL: &str = r#"ids=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p'); for id in $ids; do echo "{\"id\":\"$id\",\"answer\":\"a\"}"; done"#;
/// The id of the next question, in `$id`.
const READ_ONE: &str = r#"read -r line; id=${line#*:\"}; id=${id%%\"*}"#;
const ANSWER_ONE: &str = r#"echo "{\"id\":\"$id\",\"answer\":\"a\"}""#;

fn model(script: &str, change: impl FnOnce(&mut ProcessConfig)) -> ModelProcess {
    let mut config = ProcessConfig::new("sh").with_args(["-c", script]);
    config.start_timeout_s = 20.0;
    change(&mut config);
    config.check().unwrap()
}

fn ask(model: &ModelProcess, rows: usize, input: &str) -> Result<Vec<TimedRow>, PredictError> {
    let ids: Vec<String> = (0..rows).map(|row| format!("g{row}")).collect();
    let questions: Vec<Question<'_>> = ids
        .iter()
        .map(|id| Question {
            id,
            input: input.into(),
        })
        .collect();
    let mut answers = Vec::new();
    model.answer(&questions, &mut |answer| {
        answers.push(answer);
        ControlFlow::Continue(())
    })?;
    Ok(answers)
}

fn fails(script: &str, change: impl FnOnce(&mut ProcessConfig)) -> ProcessError {
    let error = ask(&model(script, change), 3, "x").unwrap_err();
    *error.source.downcast::<ProcessError>().unwrap()
}

#[test]
fn a_process_may_read_everything_first_and_answer_in_any_order() {
    for script in [READS_ALL.to_owned(), format!("({READS_ALL}) | sort -r")] {
        let answers = ask(&model(&script, |_| {}), 500, "some text").unwrap();
        assert_eq!(answers.len(), 500);
        assert!(answers.iter().all(|answer| answer.latency_ms.is_none()));
    }
}

#[test]
fn a_process_that_writes_much_before_it_reads_blocks_nothing() {
    // Blank lines and noise of megabytes, against questions of megabytes: every pipe is full at once.
    let script = format!(
        "head -c 3000000 /dev/zero | tr '\\0' '\\n'; head -c 3000000 /dev/zero | tr '\\0' 'e' >&2; {READS_ALL}"
    );
    let answers = ask(&model(&script, |_| {}), 2000, &"long ".repeat(400)).unwrap();
    assert_eq!(answers.len(), 2000);
}

#[test]
fn one_at_a_time_measures_each_row() {
    let script = format!("while {READ_ONE}; [ -n \"$line\" ]; do sleep 0.03; {ANSWER_ONE}; done");
    let answers = ask(&model(&script, |config| config.in_flight = Some(1)), 4, "x").unwrap();
    // The first row also waited for the process to start.
    assert_eq!(answers[0].latency_ms, None);
    let measured = |answer: &TimedRow| (30.0..5000.0).contains(&answer.latency_ms.unwrap());
    assert!(answers[1..].iter().all(measured), "{answers:?}");
    let told = r#"cat >/dev/null; echo '{"id":"g0","answer":"a","latency_ms":1.5,"cost_usd":0.002}'"#;
    let answers = ask(&model(told, |_| {}), 1, "x").unwrap();
    assert_eq!(
        (answers[0].latency_ms, answers[0].cost_usd),
        (Some(1.5), Some(0.002))
    );
}

#[test]
fn a_process_that_ends_early_is_named_with_its_status_and_its_last_words() {
    let script = format!("echo loading >&2; {READ_ONE}; {ANSWER_ONE}; echo 'no such model' >&2; exit 3");
    let error = fails(&script, |_| {});
    let ProcessError::Ended {
        id,
        waiting: 2,
        status: Some(status),
        stderr,
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(
        (id.as_str(), status.code(), stderr.as_str()),
        ("g1", Some(3), "loading\nno such model")
    );
    assert!(error.to_string().contains("2 rows unanswered"), "{error}");
    let error = fails("exec 1>&-; sleep 30", |config| config.grace_s = 0.1);
    assert!(
        matches!(
            error,
            ProcessError::Ended {
                status: None,
                waiting: 3,
                ..
            }
        ),
        "{error:?}"
    );
    let error = fails("kill -9 $$", |_| {});
    assert!(error.to_string().contains("signal: 9"), "{error}");
}

#[test]
fn lines_that_are_no_answers_are_named() {
    let error = fails("cat >/dev/null; echo; echo 'Loading model...'", |_| {});
    let ProcessError::NoAnswer {
        line: 2, id, text, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!((id.as_str(), text.as_str()), ("g0", "Loading model..."));
    for line in [
        r#"{"id":"g0"}"#,
        r#"{"id":0,"answer":"a"}"#,
        r#"{"id":"g0","answer":"a","confidence":NaN}"#,
        r#"["g0","a"]"#,
        r"\377\376",
    ] {
        let error = fails(&format!("cat >/dev/null; printf '%b\\n' '{line}'"), |_| {});
        assert!(
            matches!(error, ProcessError::NoAnswer { line: 1, .. }),
            "{line}: {error:?}"
        );
    }
    let error = fails(
        "cat >/dev/null; head -c 2000000 /dev/zero | tr '\\0' x; echo",
        |_| {},
    );
    assert!(
        matches!(error, ProcessError::LongLine { line: 1, .. }),
        "{error:?}"
    );
}

#[test]
fn an_id_twice_or_unknown_and_a_row_without_an_answer_are_named() {
    let say = |lines: &str| format!("cat >/dev/null; printf '%s\\n' {lines}");
    let a = |id: &str| format!(r#"'{{"id":"{id}","answer":"a"}}'"#);
    let error = fails(&say(&[a("g0"), a("g0")].join(" ")), |_| {});
    assert!(
        matches!(&error, ProcessError::Twice { line: 2, id } if id == "g0"),
        "{error:?}"
    );
    let error = fails(&say(&a("9")), |_| {});
    assert!(
        matches!(&error, ProcessError::UnknownId { line: 1, id } if id == "9"),
        "{error:?}"
    );
    // Once everything is answered, an answer too many is one all the same.
    let error = fails(&say(&[a("g2"), a("g1"), a("g0"), a("g1")].join(" ")), |_| {});
    assert!(
        matches!(&error, ProcessError::Twice { line: 4, id } if id == "g1"),
        "{error:?}"
    );
    let error = fails(&say(r#"'{"id":"g1","error":"too long"}'"#), |_| {});
    assert!(
        matches!(&error, ProcessError::Refused { id, message } if id == "g1" && message == "too long"),
        "{error:?}"
    );
}

#[test]
fn silence_and_slowness_have_limits() {
    let from = Instant::now();
    let error = fails("sleep 60", |config| config.start_timeout_s = 0.3);
    assert!(
        matches!(&error, ProcessError::Silent { id, waiting: 3, .. } if id == "g0"),
        "{error:?}"
    );
    let one = format!("{READ_ONE}; {ANSWER_ONE}; sleep 60");
    let error = fails(&one, |config| config.row_timeout_s = 0.3);
    assert!(
        matches!(&error, ProcessError::Silent { id, waiting: 2, .. } if id == "g1"),
        "{error:?}"
    );
    // Neither blank lines nor anything else puts the end off.
    let error = fails("while :; do echo; sleep 0.01; done", |config| {
        config.overall_timeout_s = Some(0.5)
    });
    assert!(
        matches!(error, ProcessError::Overall { waiting: 3, .. }),
        "{error:?}"
    );
    assert!(from.elapsed() < Duration::from_secs(20), "{:?}", from.elapsed());
}

#[test]
fn a_process_that_cannot_start_is_named() {
    let config = ProcessConfig::new("no-such-program-here");
    let error = ask(&config.check().unwrap(), 1, "x").unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "cannot start no-such-program-here"
    );
}

#[test]
fn a_new_process_is_asked_what_the_old_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("started");
    let script = format!(
        "if [ -e {0} ]; then {READS_ALL}; else touch {0}; {READ_ONE}; {ANSWER_ONE}; exit 1; fi",
        marker.display()
    );
    let answers = ask(&model(&script, |config| config.max_restarts = 1), 5, "x").unwrap();
    assert_eq!(answers.len(), 5);
    fs::remove_file(&marker).unwrap();
    let error = fails(&script, |config| config.max_restarts = 0);
    assert!(
        matches!(&error, ProcessError::Ended { id, .. } if id == "g1"),
        "{error:?}"
    );
}

#[test]
fn what_is_said_beside_the_answers_is_passed_on_whole() {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = heard.clone();
    let script = format!("echo one >&2; {READS_ALL}; echo two >&2");
    let model =
        model(&script, |_| {}).with_stderr(move |line| listener.lock().unwrap().push(line.to_owned()));
    ask(&model, 3, "x").unwrap();
    assert_eq!(*heard.lock().unwrap(), ["one", "two"]);
}

/// Gone, or a zombie that nobody has asked about yet.
#[cfg(target_os = "linux")]
fn is_gone(process: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_is_ended_with_its_children_however_the_run_ends() {
    let folder = tempfile::tempdir().unwrap();
    for (script, ok) in [
        ("sleep 60", false),
        (READS_ALL, true),
        ("cat >/dev/null; echo garbage", false),
    ] {
        let file = folder.path().join("pid");
        let script = format!("sleep 300 & echo $! > {}; {script}", file.display());
        let model = model(&script, |config| {
            config.start_timeout_s = 0.5;
            config.grace_s = 0.2;
        });
        assert_eq!(ask(&model, 3, "x").is_ok(), ok, "{script}");
        let child = fs::read_to_string(&file).unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        while !is_gone(child.trim()) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(is_gone(child.trim()), "{script}: {child} lives on");
    }
}

#[test]
fn settings_that_cannot_be_are_named() {
    let blank = ProcessConfig::new(" ").check().unwrap_err();
    assert_eq!(blank, ProcessConfigError::BlankProgram);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut config = ProcessConfig::new("x");
        config.row_timeout_s = bad;
        let error = config.check().unwrap_err();
        assert!(
            matches!(
                error,
                ProcessConfigError::Seconds {
                    key: "row_timeout_s",
                    ..
                }
            ),
            "{error}"
        );
    }
    let mut config = ProcessConfig::new("x");
    config.in_flight = Some(0);
    assert_eq!(config.check().unwrap_err(), ProcessConfigError::NothingInFlight);
}
