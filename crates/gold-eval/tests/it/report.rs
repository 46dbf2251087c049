use std::fs;

use gold_eval::{
    Baseline, Case, GoldSet, PredictedRow, Predictions, Preset, Report, Rule, Settlement, Teacher,
    TeacherAnswer, judge,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stage_files::{read_json, write_json_lines};
use task_spec::{GoldRow, Label, Prediction, Task};

use crate::world::World;

fn some_report(reversed: bool) -> Report {
    let world = World::new(&[30, 12, 8, 3]);
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut teacher = world.answers(1, |_, _| 0.85);
    let confidences: Vec<f64> = teacher.iter().map(|_| random.random_range(0.2..1.0)).collect();
    let mut rows: Vec<PredictedRow> = (world.answers(2, |_, _| 0.9).into_iter().zip(confidences))
        .map(|((id, answer), confidence)| PredictedRow {
            id,
            prediction: Prediction::new(answer).with_confidence(confidence),
        })
        .collect();
    if reversed {
        teacher.reverse();
        rows.reverse();
    }
    let (baseline, candidate) = (
        world.baseline(teacher),
        Predictions::new("adapter", &world.gold, rows).unwrap(),
    );
    judge(
        &Case::new(&world.gold, &baseline, &candidate, "2026-11-05T09:00:00Z"),
        &Preset::Strict.config().check().unwrap(),
    )
    .unwrap()
}

#[test]
fn the_same_case_gives_the_same_bytes_whatever_the_order_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    some_report(false).write(&folder.path().join("a")).unwrap();
    some_report(true).write(&folder.path().join("b")).unwrap();
    for name in ["report.json", "report.md", "report.html", "junit.xml"] {
        let read = |run: &str| fs::read(folder.path().join(run).join(name)).unwrap();
        assert!(read("a") == read("b"), "{name} differs");
    }
}

#[test]
fn the_json_report_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let report = some_report(false);
    report.write(folder.path()).unwrap();
    assert_eq!(
        read_json::<Report>(&folder.path().join("report.json")).unwrap(),
        report
    );
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = some_report(false).to_html().to_lowercase();
    for forbidden in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "http://",
        "https://",
        "@import",
        "url(",
        "javascript:",
        " onload=",
        " onclick=",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

/// A task whose names, and a model whose answers, are written by an adversary with much time.
fn hostile(categories: usize, pad: usize) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.jsonl");
    let name = |i: usize| {
        format!(
            "</table><script>alert({i})</script>|`@all`\n# {}\u{202e}",
            "&\"<'".repeat(pad)
        )
    };
    let names: Vec<String> = (0..categories).map(|i| format!("{i}{}", name(i))).collect();
    let task = Task::of_labels("hostile", names.iter().map(Label::new).collect()).unwrap();
    let gold_rows = names.iter().enumerate().map(|(i, label)| GoldRow {
        id: format!("<b>{i}"),
        input: name(i),
        label: label.clone(),
    });
    write_json_lines(&path, gold_rows).unwrap();
    let gold = GoldSet::freeze(&path, &task, 1).unwrap();
    let teacher = gold.rows().iter().map(|row| TeacherAnswer {
        id: row.id.clone(),
        answer: row.label.clone(),
        confidence: None,
    });
    let baseline = Baseline::pin(&gold, Teacher::new(name(0), "p"), teacher).unwrap();
    let rows = gold.rows().iter().enumerate().map(|(i, row)| PredictedRow {
        id: row.id.clone(),
        prediction: Prediction::new(&names[(i + 1) % names.len()])
            .with_confidence(i as f64 / names.len() as f64),
    });
    let candidate = Predictions::new(name(1), &gold, rows).unwrap();
    // It had everything right, so that every category has changed since.
    let rows = gold.rows().iter().map(|row| PredictedRow {
        id: row.id.clone(),
        prediction: Prediction::new(&row.label),
    });
    let shipped = Predictions::new(name(4), &gold, rows).unwrap();
    let mut config = Preset::Strict.config();
    config.name = name(2);
    judge(
        &Case::new(&gold, &baseline, &candidate, &name(3)).with_shipped(&shipped),
        &config.check().unwrap(),
    )
    .unwrap()
}

#[test]
fn names_from_outside_stay_text() {
    let report = hostile(5, 1);
    let page = report.to_html();
    assert!(!page.contains("<script") && !page.contains('\u{202e}'));
    assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
    let comment = report.to_markdown();
    assert!(!comment.contains("<script") && !comment.contains("@all") && !comment.contains('\u{202e}'));
    let table: Vec<&str> = comment.lines().filter(|line| line.starts_with('|')).collect();
    let cells = |line: &&str| line.matches('|').count();
    assert!(
        table.iter().all(|line| [6, 10, 9, 5, 4].contains(&cells(line))),
        "{comment}"
    );
    assert!(!comment.lines().any(|line| line.starts_with("# ")), "{comment}");
}

/// As many rules as a gate may have, each of which names categories.
fn with_every_rule(mut report: Report) -> Report {
    let rule = report.rules.pop().unwrap();
    report.rules = vec![rule; gold_eval::MOST_RULES];
    for finding in &mut report.rules {
        finding.rule = Rule::CategoryFloor {
            recall: 0.5,
            min_support: 10,
            categories: report
                .categories
                .iter()
                .take(10)
                .map(|c| c.label.clone())
                .collect(),
        };
    }
    report.settlement = Settlement::of(&report.rules);
    report
}

fn assert_within_bounds(report: &Report) {
    let (page, comment, xml) = (report.to_html(), report.to_markdown(), report.to_junit());
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    // A comment on GitHub holds 65,536 characters.
    assert!(comment.len() < 65_536, "{} bytes", comment.len());
    for text in [&page, &comment, &xml] {
        assert!(!text.contains("<script") && !text.contains('\u{202e}'));
    }
    assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
}

#[test]
fn the_page_stays_below_a_megabyte_whatever_the_input() {
    assert_within_bounds(&hostile(3000, 500));
    assert_within_bounds(&with_every_rule(hostile(5000, 20)));
}

/// Gives every name in a report another end, or another name.
fn name_everything(report: &mut Report, name: &str) {
    for category in &mut report.categories {
        category.label.push_str(name);
    }
    for confusion in &mut report.confusions {
        name.clone_into(&mut confusion.label);
        confusion.answered = Some(name.to_owned());
    }
    let score = &mut report.candidate.score;
    for place in [
        &mut report.gold.task,
        &mut report.gate,
        &mut report.at,
        &mut score.name,
    ] {
        name.clone_into(place);
    }
}

#[test]
fn names_of_ten_megabytes_are_cut_everywhere() {
    // A gold row of that length is refused, so the report is given the names as another tool might write them.
    let mut report = some_report(false);
    name_everything(&mut report, &"</td>\u{202e}&".repeat(10_000_000 / 9));
    assert_within_bounds(&report);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn no_name_breaks_a_report(name in proptest::collection::vec(proptest::char::any(), 1..200), rules: bool) {
        let mut report = some_report(false);
        let name: String = name.into_iter().collect();
        name_everything(&mut report, &name);
        let report = if rules { with_every_rule(report) } else { report };
        assert_within_bounds(&report);
        let comment = report.to_markdown();
        let cells = |line: &str| line.matches('|').count();
        proptest::prop_assert!(comment.lines().filter(|line| line.starts_with('|')).all(|line| [4, 5, 6, 9, 10].contains(&cells(line))));
    }
}

#[test]
fn the_json_says_which_shape_it_has() {
    let folder = tempfile::tempdir().unwrap();
    some_report(false).write(folder.path()).unwrap();
    let json: serde_json::Value = read_json(&folder.path().join("report.json")).unwrap();
    assert_eq!(json["schema_version"], gold_eval::REPORT_SCHEMA_VERSION);
    assert!(json["settlement"]["steps"].is_array());
}
