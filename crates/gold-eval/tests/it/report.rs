use std::fs;

use gold_eval::{
    Baseline, Case, GoldSet, PredictedRow, Predictions, Preset, Report, Teacher, TeacherAnswer, judge,
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
    for name in ["report.json", "report.md", "report.html"] {
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
    let mut config = Preset::Strict.config();
    config.name = name(2);
    judge(
        &Case::new(&gold, &baseline, &candidate, &name(3)),
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
        table.iter().all(|line| [6, 10, 5, 4].contains(&cells(line))),
        "{comment}"
    );
    assert!(!comment.lines().any(|line| line.starts_with("# ")), "{comment}");
}

#[test]
fn the_page_stays_below_a_megabyte_whatever_the_input() {
    let report = hostile(3000, 500);
    let (page, comment) = (report.to_html().len(), report.to_markdown().len());
    println!("page {page} bytes, comment {comment} bytes");
    assert!(page < 1_000_000, "{page} bytes");
    // A comment on GitHub holds 65,536 characters.
    assert!(comment < 65_536, "{comment} bytes");
}
