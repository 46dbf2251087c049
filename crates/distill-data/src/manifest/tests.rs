use std::{collections::BTreeMap, fs};

use serde_json::json;
use task_spec::{GoldRow, Label, Task};

use super::{Manifest, next_steps};
use crate::{
    AuditEstimate, AuditRecord, AuditShare, CurateConfig, CurateError, CurateInput, FieldMap, GoldRows,
    LabelRecord, LogFile, LogFormat, RareEstimate, Verdict, curate,
};

/// A curation of some lines, with a gold set of one row if asked for.
fn of_lines(labels: &[&str], lines: &[String], with_gold: bool) -> Result<Manifest, CurateError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    let labels = labels.iter().map(|name| Label::new(*name)).collect();
    let task = Task::of_labels("bank", labels).unwrap();
    let gold = GoldRows::new(vec![GoldRow {
        id: "g1".into(),
        input: "my card was stolen".into(),
        label: "card".into(),
    }]);
    let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
    let mut input = CurateInput::new(&task, &logs);
    if with_gold {
        input = input.with_gold(&gold);
    }
    let plan = CurateConfig {
        suspects: None,
        class_floor: 2,
        max_damaged_share: 0.1,
        ..CurateConfig::default()
    };
    let mut manifest = curate(&input, &plan.check().unwrap())?.manifest;
    manifest.logs[0].file = "log.jsonl".to_owned();
    Ok(manifest)
}

fn call(input: &str, answer: &str, confidence: f64) -> String {
    json!({"input": input, "answer": answer, "confidence": confidence}).to_string()
}

fn small() -> Manifest {
    let lines = [
        call("where is my card", "card", 0.9),
        call("Where is my card?", "card", 0.95),
        call("my top-up did not arrive", "top-up", 0.8),
        call("why was I charged", "top-up", 0.2),
        call("my card was stolen!", "card", 0.9),
        call("what do transfers cost", "fees!", 0.9),
        call("how much is a withdrawal", "fees!", 0.9),
    ];
    of_lines(&["card", "top-up"], &lines, true).unwrap()
}

#[test]
fn the_account_says_where_every_call_went_and_what_to_do_next() {
    let expected = "\
What came in
          7  lines of 1 log
          7  calls, one for each question that was answered

Where it went
          2  rows to train on, standing for 3 calls
          1  row for a person to review, standing for 1 call
                 1  the teacher was not sure enough
          3  calls rejected
                 2  the answer is no label of the task
                 1  the question is in the gold set, or nearly
             A row may stand for several calls: 1 call has the same text as another and 0 have
             nearly the same.

What is known of it
";
    let account = small().to_string();
    assert!(account.starts_with(expected), "{account}");
    assert!(
        account.ends_with("\nUsable. 2 rows to train on stand for 3 of 7 calls.\n"),
        "{account}"
    );
    assert!(
        account.lines().all(|line| line.chars().count() <= 100),
        "{account}"
    );
}

#[test]
fn the_steps_are_those_that_the_manifest_calls_for() {
    let what = |manifest: &Manifest| {
        let steps = next_steps::of(manifest).into_iter();
        steps.map(|step| step.what).collect::<Vec<_>>()
    };
    let mut manifest = small();
    assert_eq!(
        what(&manifest),
        [
            "Answer the questions in review.csv (about a minute)",
            "Read the 2 rows that were drawn by chance (about a minute)",
            "Decide about answers that are no label of the task",
            "Find more examples of 2 labels",
        ]
    );
    let step = next_steps::of(&manifest).remove(2);
    assert!(step.why.starts_with("2 calls: “fees!” (2)."), "{}", step.why);
    manifest.review.questions = 0;
    manifest.audit = None;
    manifest.unknown_labels.clear();
    manifest.class_limits.below_floor.clear();
    assert!(what(&manifest).is_empty());
    manifest.gold = None;
    assert_eq!(what(&manifest), ["Give a gold set"]);

    let broken: Vec<String> = (0..3).map(|_| "{ broken".to_owned()).collect();
    let damaged = of_lines(&["card", "top-up"], &broken, true).unwrap();
    assert!(matches!(damaged.verdict, Verdict::TooDamaged { .. }));
    assert_eq!(what(&damaged)[0], "Look at quarantine.jsonl");
    assert!(damaged.to_html().contains("Not usable: the log is damaged"));
}

#[test]
fn the_page_says_what_the_manifest_says() {
    let mut manifest = small();
    let wrong = AuditShare {
        of: 12_345,
        drawn: 200,
        answered: 100,
        passed_over: 2,
        wrong: 4,
        share: Some(0.04),
        interval: (0.011, 0.1125),
    };
    let all = AuditEstimate {
        by_rows: wrong,
        by_calls: wrong,
    };
    manifest.audit = Some(AuditRecord {
        drawn: 200,
        answered: 100,
        wrong: 4,
        minutes: 12.0,
        rare: Some(RareEstimate {
            labels: BTreeMap::from([("fees".to_owned(), 3)]),
            estimate: all.clone(),
        }),
        all,
    });
    let page = manifest.to_html();
    for said in [
        "<strong>Usable</strong>",
        "2 rows to train on stand for 3 of 7 calls.",
        "No training text is a gold text",
        "fees!",
        "the teacher was not sure enough",
        "(12,345)",
        "1.1 and 11.2%",
        "2 passed over",
        "1 too few",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert_eq!(page, manifest.clone().to_html());
}

#[test]
fn a_page_is_whole_fetches_nothing_and_stays_small_whatever_a_log_holds() {
    let hostile =
        |n: u64| format!("</style><script>alert({n})</script>\u{202e}<img src=x onerror=y>").repeat(40);
    let lines: Vec<String> = (0..600)
        .map(|n| {
            let answer = if n % 2 == 0 { "card".to_owned() } else { hostile(n) };
            json!({"input": format!("question {n} {}", hostile(n)), "answer": answer, "model": hostile(n % 50), "confidence": 0.7})
                .to_string()
        })
        .collect();
    let mut manifest = of_lines(&["card", "top-up"], &lines, false).unwrap();
    let label = manifest.labels[0].clone();
    manifest.labels = (0..5000)
        .map(|n| LabelRecord {
            label: hostile(n),
            ..label.clone()
        })
        .collect();
    let log = manifest.logs[0].clone();
    manifest.logs = (0..3000)
        .map(|_| super::LogRecord {
            file: hostile(1),
            ..log.clone()
        })
        .collect();
    let counts = || (0..3000).map(|n| (hostile(n), n)).collect::<BTreeMap<_, _>>();
    manifest.ledger.rejected = counts();
    manifest.ledger.other_questions = counts();
    manifest.ledger.lines_without_call = counts();
    manifest.malformed_metadata = counts();
    manifest.task.name = hostile(3);
    manifest.class_limits.below_floor = (0..3000).map(|n| (hostile(n), 2)).collect();
    let page = manifest.to_html();
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for forbidden in [
        "<script", "<img", "http:", "https:", "src=x>", "\u{202e}", "@import", "url(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    let account = manifest.to_string();
    assert!(
        account.len() < 100_000 && !account.contains('\u{202e}'),
        "{account}"
    );
}

#[test]
fn a_curation_of_nothing_has_an_account_and_a_page() {
    let nothing = of_lines(&["card", "top-up"], &[], false).unwrap();
    assert_eq!(nothing.verdict, Verdict::NothingKept);
    for text in [nothing.to_html(), nothing.to_string()] {
        assert!(text.contains("Not usable: no row is left"), "{text}");
        assert!(!text.contains("NaN") && !text.contains("inf%"), "{text}");
    }
}
