//! The promise: without drift, alarms are no more frequent than the plan allows.

use drift_stats::{DriftConfig, Monitor, Movement, Reference, Spending, Strength};

use crate::traffic::Traffic;

fn config() -> DriftConfig {
    DriftConfig {
        deals: 0,
        spending: Spending::EachWindow,
        ..DriftConfig::default()
    }
}

fn monitor(seed: u64, reference_rows: usize, config: DriftConfig) -> Monitor {
    let reference = Reference::from_rows(&Traffic::new(seed).rows(reference_rows));
    Monitor::new(reference, config.check().unwrap())
}

/// At a level of 0.3, 100 independent pairs of reference and window may alarm 30 times on average; 43 is
/// nearly three standard deviations more. `least_change` is 0, so that nothing but the tests holds alarms back.
#[test]
fn alarms_without_drift_are_no_more_frequent_than_the_level() {
    let (mut alarms, mut notes) = (0, 0);
    for seed in 0..100 {
        let config = DriftConfig {
            alpha: 0.3,
            least_change: 0.0,
            notes_per_window: 1.0,
            ..config()
        };
        let report = monitor(seed, 1_500, config).check(&Traffic::new(1_000 + seed).rows(600));
        alarms += u32::from(report.alarm);
        notes += report
            .findings
            .iter()
            .filter(|finding| finding.strength == Strength::Note)
            .count();
    }
    println!("{alarms} alarms, {notes} notes in 100 windows without drift");
    assert!(alarms <= 43, "{alarms}");
    assert!(notes <= 100, "{notes}");
}

/// One reference, twenty windows: the whole-life level bounds the chance of *any* alarm. Of 30 lives 1.5 may
/// have one at 0.05; more than 5 would have a chance of 3 in 1,000.
#[test]
fn a_whole_life_without_drift_rarely_has_any_alarm() {
    let mut lives_with_an_alarm = 0;
    for seed in 0..30 {
        let config = DriftConfig {
            spending: Spending::WholeLife,
            least_change: 0.0,
            ..config()
        };
        let mut monitor = monitor(seed, 1_000, config);
        let mut traffic = Traffic::new(7_000 + seed);
        let alarms = (0..20)
            .filter(|_| monitor.check(&traffic.rows(200)).alarm)
            .count();
        lives_with_an_alarm += u32::from(alarms > 0);
        assert_eq!(monitor.windows_tested(), 20);
    }
    assert!(lives_with_an_alarm <= 5, "{lives_with_an_alarm}");
}

/// Fixed thresholds, for comparison: on windows without drift the divergence of the words is always above
/// 0.1 nats, which is why no threshold of that kind decides here.
#[test]
fn a_fixed_threshold_would_alarm_in_every_window_without_drift() {
    let mut monitor = monitor(3, 3_000, config());
    let mut traffic = Traffic::new(4);
    for _ in 0..5 {
        let report = monitor.check(&traffic.rows(500));
        assert!(report.statistics.words.jensen_shannon.value > 0.1, "{report}");
    }
}

#[test]
fn a_new_merchant_at_half_a_percent_is_an_alarm_that_names_it() {
    for seed in 0..10 {
        let mut monitor = monitor(
            seed,
            8_000,
            DriftConfig {
                spending: Spending::WholeLife,
                ..config()
            },
        );
        let mut traffic = Traffic::new(500 + seed);
        let mut window = traffic.rows(2_000);
        traffic.inject(&mut window, 6, "ZEPHYRGO*RIDE 4411", "label-1");
        traffic.inject(&mut window, 4, "ZEPHYRGO*RIDE 17", "label-2");
        let report = monitor.check(&window);
        let Some(finding) = report.findings.first().filter(|_| report.alarm) else {
            panic!("{report}")
        };
        let Movement::Values { values } = &finding.movement else {
            panic!("{finding}")
        };
        let named: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
        assert!(
            named.contains(&"zephyrgo") && named.contains(&"ride"),
            "{finding}"
        );
        assert_eq!((finding.answered.rows, finding.answered.distinct_inputs), (10, 1));
        assert_eq!(finding.answered.labels[0].rows, 6);
        assert!(finding.examples[0].input.starts_with("ZEPHYRGO"), "{finding}");
    }
}

/// A value at 0.1% of traffic has five rows in a window of 5,000: named, as an alarm or a note, in most.
#[test]
fn a_value_at_one_in_a_thousand_is_named_within_five_thousand_rows() {
    let mut monitor = monitor(1, 20_000, config());
    let mut named = 0;
    for seed in 0..10 {
        let mut traffic = Traffic::new(900 + seed);
        let mut window = traffic.rows(5_000);
        traffic.inject(&mut window, 5, "ZEPHYRGO AUSTIN", "label-1");
        let report = monitor.check(&window);
        println!(
            "alarm from {:?}, {} findings",
            report.new_word_alarms_from,
            report.findings.len()
        );
        named += u32::from(
            report
                .findings
                .iter()
                .any(|finding| finding.movement.to_string().contains("`zephyrgo`")),
        );
    }
    assert_eq!(named, 10);
}

/// Words that never repeat cannot be named, but that there are so many can.
#[test]
fn a_flood_of_words_that_never_repeat_is_an_alarm() {
    let mut monitor = monitor(5, 6_000, config());
    let mut traffic = Traffic::new(6);
    let mut window = traffic.rows(1_000);
    for i in 0..200 {
        let word: String = "xyzuvwq".chars().cycle().skip(i % 7).take(5 + i / 7).collect();
        traffic.inject(&mut window, 1, &word, "label-1");
    }
    let report = monitor.check(&window);
    let unfamiliar = report
        .findings
        .iter()
        .find(|finding| matches!(finding.movement, Movement::Unfamiliar { .. }));
    assert_eq!(unfamiliar.unwrap().strength, Strength::Alarm, "{report}");
}

#[test]
fn falling_confidence_and_a_shifted_label_are_alarms() {
    let mut monitor = monitor(8, 6_000, config());
    let mut window = Traffic::new(9).rows(2_000);
    for row in &mut window {
        if row.label == "label-3" {
            row.label = "label-4".to_owned();
            row.confidence *= 0.5;
            row.outside = Some(0.6);
        }
    }
    let report = monitor.check(&window);
    let alarms: Vec<String> = report
        .findings
        .iter()
        .filter(|finding| finding.strength == Strength::Alarm)
        .map(|finding| finding.movement.to_string())
        .collect();
    let has = |start: &str| alarms.iter().any(|alarm| alarm.starts_with(start));
    assert!(
        has("label `label-3` is down") && has("label `label-4` is up"),
        "{report}"
    );
    assert!(
        has("rows answered with a confidence below") && has("rows with a probability of"),
        "{report}"
    );
}
