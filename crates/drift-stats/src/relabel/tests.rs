use proptest::prelude::*;

use super::*;
use crate::{Answered, Movement, Strength};

fn window(rows: usize) -> Vec<Served> {
    (0..rows)
        .map(|i| Served {
            id: format!("r{i}"),
            at: i as i64,
            input: format!("merchant {}", "abcdefghij".repeat(1 + i / 10).split_at(i % 10).1),
            label: "x".to_owned(),
            confidence: 1.0 - 0.6 * ((i * 7919) % rows) as f64 / rows as f64,
            outside: None,
            adapter: "a".to_owned(),
        })
        .collect()
}

fn finding(ids: &[&str]) -> Finding {
    Finding {
        strength: Strength::Alarm,
        movement: Movement::Values { values: Vec::new() },
        answered: Answered {
            rows: 0,
            distinct_inputs: 0,
            labels: Vec::new(),
            mean_confidence: None,
        },
        examples: Vec::new(),
        row_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
    }
}

fn plan(budget: usize) -> RelabelPlan {
    RelabelConfig {
        budget,
        ..RelabelConfig::default()
    }
    .check()
    .unwrap()
}

fn with_reason(rows: &[RelabelRow], reason: RelabelReason) -> Vec<&str> {
    rows.iter()
        .filter(|row| row.reason == reason)
        .map(|row| row.id.as_str())
        .collect()
}

#[test]
fn the_budget_is_shared_as_configured() {
    let ids: Vec<String> = (0..80).map(|i| format!("r{i}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let chosen = plan(50).choose(&window(400), &[finding(&ids)]);
    let count = |reason| with_reason(&chosen, reason).len();
    assert_eq!(
        (
            count(RelabelReason::Random),
            count(RelabelReason::Finding),
            count(RelabelReason::LeastConfident)
        ),
        (20, 20, 10)
    );
}

#[test]
fn findings_take_turns_and_unknown_ids_are_passed_over() {
    let config = RelabelConfig {
        budget: 4,
        random_share: 0.0,
        findings_share: 1.0,
        ..RelabelConfig::default()
    };
    let findings = [finding(&["r1", "r2", "r3"]), finding(&["gone", "r9"])];
    let chosen = config.check().unwrap().choose(&window(50), &findings);
    assert_eq!(
        with_reason(&chosen, RelabelReason::Finding),
        ["r1", "r2", "r9", "r3"]
    );
}

#[test]
fn picked_rows_are_distinct_in_text_and_the_least_sure_come_first() {
    let mut rows = window(60);
    for row in &mut rows[..30] {
        row.input = "Same  TEXT 12".to_owned();
        row.confidence = 0.1;
    }
    let config = RelabelConfig {
        budget: 10,
        random_share: 0.0,
        ..RelabelConfig::default()
    };
    let chosen = config.check().unwrap().choose(&rows, &[]);
    assert_eq!(chosen.len(), 10);
    assert_eq!(
        chosen.iter().filter(|row| row.input.starts_with("Same")).count(),
        1
    );
    assert!(
        chosen
            .windows(2)
            .all(|pair| pair[0].confidence <= pair[1].confidence)
    );
}

/// Over 2,000 seeds a row with probability p is drawn 2,000 p times, give or take sqrt(2,000 p (1 - p)) <= 22.4;
/// 100 is 4.5 of those, with 40 rows under test.
#[test]
fn rows_are_drawn_as_often_as_their_probability_says() {
    let rows = window(40);
    let mut drawn: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for seed in 0..2_000 {
        let config = RelabelConfig {
            budget: 12,
            random_share: 1.0,
            findings_share: 0.0,
            seed,
            ..RelabelConfig::default()
        };
        let chosen = config.check().unwrap().choose(&rows, &[]);
        assert_eq!(chosen.len(), 12);
        for row in chosen {
            let entry = drawn.entry(row.id).or_default();
            *entry = (entry.0 + 1.0, row.sampling_probability.unwrap());
        }
    }
    assert_eq!(drawn.len(), 40);
    let rates: Vec<f64> = drawn.values().map(|(_, probability)| *probability).collect();
    assert!((rates.iter().sum::<f64>() - 12.0).abs() < 1e-9);
    assert!(
        rates
            .iter()
            .any(|rate| rate / rates[0] > 1.5 || rates[0] / rate > 1.5),
        "the rates should differ"
    );
    for (id, (times, probability)) in drawn {
        assert!(
            (times - 2_000.0 * probability).abs() < 100.0,
            "{id}: {times} times at {probability}"
        );
    }
}

#[test]
fn a_probability_never_passes_one() {
    let found = inclusion_probabilities(&[100.0, 1.0, 1.0, 1.0], 2);
    assert_eq!(found[0], 1.0);
    assert!((found.iter().sum::<f64>() - 2.0).abs() < 1e-12);
    assert_eq!(inclusion_probabilities(&[0.4, 1.0], 2), [1.0, 1.0]);
}

#[test]
fn picked_rows_have_no_probability_and_say_so_in_the_file() {
    let chosen = plan(20).choose(&window(100), &[]);
    let picked = chosen
        .iter()
        .find(|row| row.reason == RelabelReason::LeastConfident)
        .unwrap();
    let line = serde_json::to_string(picked).unwrap();
    assert!(
        line.ends_with(r#""reason":"least_confident","sampling_probability":null}"#),
        "{line}"
    );
    assert_eq!(&serde_json::from_str::<RelabelRow>(&line).unwrap(), picked);
}

#[test]
fn bad_settings_are_named() {
    let base = RelabelConfig::default;
    assert_eq!(
        RelabelConfig { budget: 0, ..base() }.check(),
        Err(RelabelConfigError::NoBudget)
    );
    let shares = RelabelConfig {
        random_share: 0.8,
        findings_share: 0.3,
        ..base()
    }
    .check()
    .unwrap_err();
    assert!(matches!(shares, RelabelConfigError::Shares { .. }));
    let rate = RelabelConfig {
        confident_rate: f64::NAN,
        ..base()
    }
    .check()
    .unwrap_err();
    assert!(matches!(rate, RelabelConfigError::ConfidentRate { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_window_gives_at_most_the_budget_of_its_own_rows_in_any_order(
        rows in prop::collection::vec(crate::tally::tests::served(), 0..60),
        budget in 1_usize..80,
    ) {
        let chosen = plan(budget).choose(&rows, &[]);
        prop_assert!(chosen.len() <= budget.min(rows.len()));
        let ids: BTreeSet<&str> = chosen.iter().map(|row| row.id.as_str()).collect();
        prop_assert_eq!(ids.len(), chosen.len());
        let mut turned = rows;
        turned.reverse();
        prop_assert_eq!(plan(budget).choose(&turned, &[]), chosen);
    }
}
