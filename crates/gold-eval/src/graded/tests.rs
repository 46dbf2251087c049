use stage_files::ContentHash;

use super::*;
use crate::{Outcome, Preset};

/// Grades of two fields; each row as ("company", "total"), with `x` right, `o` wrong and `-` where it does not apply.
fn grades(rows: &[&str]) -> Grades {
    let grade = |c| match c {
        'x' => Some(true),
        'o' => Some(false),
        _ => None,
    };
    let rows = rows.iter().map(|row| row.chars().map(grade).collect()).collect();
    Grades::new(vec!["company".to_owned(), "total".to_owned()], rows).unwrap()
}

fn ids(rows: usize) -> Vec<String> {
    (0..rows).map(|row| row.to_string()).collect()
}

fn judged(candidate: &Grades, baseline: &Grades, preset: Preset) -> GradedReport {
    let hash = ContentHash::of_bytes(b"gold");
    let ids = ids(candidate.rows().len());
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let case = GradedCase {
        kind: PartKind::Field,
        gold: GradedGold {
            task: "receipts".to_owned(),
            version: 1,
            hash: hash.clone(),
            rows: candidate.rows().len() as u64,
        },
        ids: &ids,
        lock: None,
        teacher: &Teacher::new("teacher-2026-05-01", "Pull the fields off the receipt."),
        baseline,
        baseline_usage: None,
        name: "small",
        model_hash: None,
        answers_hash: &hash,
        candidate,
        usage: None,
        repeats: &[],
        shipped: Some(("earlier", baseline)),
        near_in_training: None,
        leakage: Leakage::NotCertified { computed: None },
        history: None,
        at: "2026-11-05",
    };
    judge_grades(&case, &preset.config().check().unwrap(), ()).unwrap()
}

fn repeated(row: &'static str, times: usize) -> Vec<&'static str> {
    vec![row; times]
}

#[test]
fn a_gain_on_whole_records_that_loses_a_field_is_held() {
    // The candidate wins 60 records by their company and loses 30 by their total.
    let candidate = grades(&[repeated("xx", 200), repeated("xx", 60), repeated("xo", 30)].concat());
    let baseline = grades(&[repeated("xx", 200), repeated("ox", 60), repeated("xx", 30)].concat());
    let report = judged(&candidate, &baseline, Preset::ClearTheLine);
    assert_eq!(report.verdict, Verdict::Hold);
    let outcomes: Vec<Outcome> = report.rules.iter().map(|finding| finding.outcome).collect();
    assert_eq!(outcomes, [Outcome::Pass, Outcome::Fail, Outcome::Pass]);
    assert_eq!(report.rules[1].category.as_deref(), Some("total"));
    assert_eq!(report.aspects[0].name, "total");
    assert!(
        report
            .summary
            .contains("The worst field is “total”: 260 of 290 right"),
        "{}",
        report.summary
    );
    assert!(
        report.summary.contains("“No field worse than the baseline”"),
        "{}",
        report.summary
    );
}

#[test]
fn a_clear_gain_ships_and_a_tie_cannot_be_told() {
    let candidate = grades(&[repeated("xx", 200), repeated("xx", 20)].concat());
    let baseline = grades(&[repeated("xx", 200), repeated("xo", 20)].concat());
    let report = judged(&candidate, &baseline, Preset::ClearTheLine);
    assert_eq!(report.verdict, Verdict::Ship);
    assert_eq!(report.against_shipped.as_ref().map(|c| c.counts.gains), Some(20));
    assert_eq!(
        judged(&baseline, &baseline, Preset::ClearTheLine).verdict,
        Verdict::CannotTell
    );
}

#[test]
fn a_row_to_which_an_aspect_applies_by_one_answer_alone_counts_for_both() {
    let report = judged(
        &grades(&["x-", "xo", "x-"]),
        &grades(&["xo", "x-", "x-"]),
        Preset::ClearTheLine,
    );
    let total = report
        .aspects
        .iter()
        .find(|aspect| aspect.name == "total")
        .unwrap();
    assert_eq!(
        (total.counts.gains, total.counts.losses, total.counts.rows()),
        (1, 1, 2)
    );
}

#[test]
fn an_aspect_that_applies_to_no_row_is_named() {
    let report = judged(&grades(&["x-", "o-"]), &grades(&["x-", "x-"]), Preset::Strict);
    assert_eq!(report.without_rows, ["total"]);
    assert!(
        report.notes.iter().any(|note| note.contains("“total”")),
        "{:?}",
        report.notes
    );
}

#[test]
fn no_word_of_a_report_on_fields_speaks_of_categories() {
    for (candidate, baseline) in [("xo", "xx"), ("xx", "xo"), ("x-", "o-"), ("oo", "oo")] {
        let report = judged(
            &grades(&repeated(candidate, 40)),
            &grades(&repeated(baseline, 40)),
            Preset::Strict,
        );
        for text in [
            report.to_markdown(),
            report.to_html(),
            report.to_junit(),
            report.summary.clone(),
        ] {
            let text = text.to_lowercase();
            assert!(!text.contains("categor") && !text.contains("recall"), "{text}");
        }
    }
}

#[test]
fn grades_of_other_rows_or_aspects_are_refused() {
    let hash = ContentHash::of_bytes(b"gold");
    let (one, two) = (grades(&["xx"]), grades(&["xx", "xx"]));
    let other = Grades::new(vec!["date".to_owned()], vec![vec![Some(true)]]).unwrap();
    let gate = Preset::ClearTheLine.config().check().unwrap();
    let error = |baseline: &Grades, rows: u64| {
        let ids = ids(rows as usize);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let case = GradedCase {
            kind: PartKind::Check,
            gold: GradedGold {
                task: "t".to_owned(),
                version: 1,
                hash: hash.clone(),
                rows,
            },
            ids: &ids,
            lock: None,
            teacher: &Teacher::new("teacher-2026", ""),
            baseline,
            baseline_usage: None,
            name: "small",
            model_hash: None,
            answers_hash: &hash,
            candidate: &one,
            usage: None,
            repeats: &[],
            shipped: None,
            near_in_training: None,
            leakage: Leakage::NotCertified { computed: None },
            history: None,
            at: "",
        };
        judge_grades(&case, &gate, ()).unwrap_err()
    };
    assert!(matches!(error(&two, 1), GradesError::OtherRows { found: 2, .. }));
    assert!(matches!(error(&other, 1), GradesError::OtherAspects { .. }));
    assert!(matches!(
        error(&one, 3),
        GradesError::OtherRows {
            part: "the candidate",
            ..
        }
    ));
}
