use proptest::prelude::*;
use task_spec::LabelSet;

use super::*;
use crate::{CurateConfigError, CurateError};

/// A question of so much value and so many minutes.
pub(crate) fn question(id: &str, value: f64, minutes: f64) -> ReviewRow {
    ReviewRow {
        id: id.to_owned(),
        input: format!("question {id}"),
        label: "card".to_owned(),
        suggested: None,
        reason: ReviewReason::LowConfidence,
        calls: 4,
        chance_wrong: value / 4.0,
        value,
        minutes,
        similar: Vec::new(),
        confidence: None,
        support: BTreeMap::new(),
        source: Some(Source {
            file: "log.jsonl".to_owned(),
            line: 1,
            call: None,
            question: None,
        }),
    }
}

fn labels() -> LabelSet {
    LabelSet::from_names(["card", "top-up", "fees"]).unwrap()
}

proptest! {
    #[test]
    fn no_other_choice_of_as_many_minutes_is_worth_more(
        rows in prop::collection::vec((0.0..4.0_f64, 0.1..3.0_f64), 1..9),
    ) {
        let mut queue: Vec<ReviewRow> = rows.iter().enumerate().map(|(n, (value, minutes))| question(&n.to_string(), *value, *minutes)).collect();
        order(&mut queue);
        for end in 1..=queue.len() {
            let (value, minutes) = queue[..end].iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.value, sum.1 + row.minutes));
            for choice in 0..1_u32 << queue.len() {
                let chosen = queue.iter().enumerate().filter(|(n, _)| choice >> n & 1 == 1);
                let other = chosen.fold((0.0, 0.0), |sum, (_, row)| (sum.0 + row.value, sum.1 + row.minutes));
                prop_assert!(other.1 > minutes + 1e-9 || other.0 <= value + 1e-9);
            }
        }
    }
}

#[test]
fn the_curve_says_what_is_reached_when_stopping_then() {
    let queue: Vec<ReviewRow> = [(2.0, 0.4), (1.0, 0.6), (0.5, 1.5), (0.1, 0.1)]
        .map(|(value, minutes)| question("q", value, minutes))
        .to_vec();
    let record = QueueRecord::of(queue.iter().map(ReviewRow::queued));
    let told: Vec<(f64, usize, f64)> = record
        .curve
        .iter()
        .map(|point| (point.minutes, point.questions, point.calls))
        .collect();
    // The third question is begun after one minute and not finished after two.
    assert_eq!(told[..2], [(1.0, 2, 3.0), (2.0, 2, 3.0)]);
    assert_eq!((record.questions, told.len()), (4, 3));
    assert!((told[2].0 - 2.6).abs() < 1e-9 && (record.wrong_calls - 3.6).abs() < 1e-9);
    assert_eq!(QueueRecord::of([]), QueueRecord::default());
    let week: Vec<ReviewRow> = (0..3000).map(|_| question("q", 1.0, 1.0)).collect();
    assert_eq!(
        QueueRecord::of(week.iter().map(ReviewRow::queued)).curve.len(),
        20
    );
}

#[test]
fn reading_takes_time_by_the_word_and_by_the_decision() {
    let config = ReviewConfig {
        words_per_minute: 100.0,
        seconds_per_question: 6.0,
        ..ReviewConfig::default()
    };
    let minutes = |text: &str| config.minutes(reading_words(text));
    assert!((minutes("where  is my\ncard") - 0.14).abs() < 1e-12);
    assert!((minutes("") - 0.1).abs() < 1e-12);
    // Without spaces every twelve characters are a word.
    assert!((minutes(&"账".repeat(25)) - 0.13).abs() < 1e-12);
}

#[test]
fn a_confusion_costs_what_the_table_says_and_the_mean_where_nothing_is_likely() {
    let costs = |given: &str, right: &str, cost: f64| ReviewConfig {
        costs: BTreeMap::from([(given.to_owned(), BTreeMap::from([(right.to_owned(), cost)]))]),
        ..ReviewConfig::default()
    };
    let found = ConfusionCosts::of(&costs("Top Up", "FEES", 7.0), &labels()).unwrap();
    assert_eq!(found.of_confusion(1, Some(2)), 7.0);
    assert_eq!(
        (found.of_confusion(1, Some(0)), found.of_confusion(2, Some(1))),
        (1.0, 1.0)
    );
    // One of two other labels costs 7, the other 1.
    assert_eq!(
        (found.of_confusion(1, None), found.of_confusion(0, None)),
        (4.0, 1.0)
    );
    let error = ConfusionCosts::of(&costs("card", "crypto", 2.0), &labels()).unwrap_err();
    assert!(matches!(error, CurateError::CostLabel { label } if label == "crypto"));
    let error = costs("card", "fees", -1.0).check().unwrap_err();
    assert!(matches!(
        error,
        CurateConfigError::Range {
            field: "review.costs",
            ..
        }
    ));
}

#[test]
fn the_audit_is_read_among_the_queue_in_its_own_order() {
    let rows = |names: &str| -> Vec<ReviewRow> {
        names
            .chars()
            .map(|c| question(&c.to_string(), 1.0, 1.0))
            .collect()
    };
    let order = |queue: &str, audit: &str| -> String {
        let (queue, audit) = (rows(queue), rows(audit));
        reading_order(&queue, &audit)
            .iter()
            .map(|row| row.id.as_str())
            .collect()
    };
    assert_eq!(order("abcde", "123"), "ab1cd2e3");
    assert_eq!(order("ab", "123"), "ab123");
    assert_eq!(order("abcde", ""), "abcde");
}

#[test]
fn choices_of_any_name_are_attributes_of_xml() {
    let config = label_studio_config(["a & b", "<\"quoted\">", "it's", "two\nlines", "bell\u{7}"]);
    for value in [
        "a &amp; b",
        "&lt;&quot;quoted&quot;&gt;",
        "it's",
        "two&#10;lines",
        "bell\u{fffd}",
    ] {
        assert!(
            config.contains(&format!("<Choice value=\"{value}\"/>")),
            "{config}"
        );
    }
}

#[test]
fn a_reason_is_told_in_words() {
    let mut row = question("q", 1.0, 1.0);
    row.reason = ReviewReason::ConflictingLabels;
    row.support = BTreeMap::from([("card".to_owned(), 1.5), ("fees".to_owned(), 0.5)]);
    assert_eq!(
        row.reason_in_words(),
        "the same text was given different labels: card 75%, fees 25%"
    );
}
