//! The shape of made-up logs, whose workloads are known.

use std::{fs, path::Path};

use distill_data::{
    AnswersKind, FieldKind, LogFile, LogFormat, PromptKind, RuleOutcome, ShapeConfig, ShapeReport,
    ShapeVerdict, WorkloadShape, shape,
};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "../../examples/mixed_log/generator.rs"]
mod generator;

fn of_lines(lines: &[String], format: &str, config: ShapeConfig) -> ShapeReport {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.jsonl");
    fs::write(&path, lines.join("\n")).unwrap();
    let logs = [LogFile::new(&path, LogFormat::by_name(format).unwrap())];
    let mut report = shape(&logs, &config.check().unwrap()).unwrap();
    report.logs.clear();
    report
}

fn mixed(calls: u64, config: ShapeConfig) -> ShapeReport {
    let lines: Vec<String> = (0..calls)
        .map(|number| generator::line(7, number, calls).to_string())
        .collect();
    of_lines(&lines, "openai-chat", config)
}

/// Traffic of which the log is a hundredth.
fn busy() -> ShapeConfig {
    ShapeConfig {
        traffic_share: 0.01,
        ..ShapeConfig::default()
    }
}

fn begins<'r>(report: &'r ShapeReport, beginning: &str) -> &'r WorkloadShape {
    let found = report
        .workloads
        .iter()
        .find(|workload| workload.prompt.excerpt.starts_with(beginning));
    found.unwrap_or_else(|| panic!("no workload begins with {beginning}"))
}

#[test]
fn workloads_of_a_mixed_log_are_told_apart_and_judged() {
    let report = mixed(24_000, busy());
    assert_eq!(
        (report.calls, report.other_calls, report.workloads.len()),
        (24_000, 0, 6)
    );
    let sorting = begins(&report, generator::SORTING);
    assert_eq!(sorting.answers.distinct, 40.0);
    assert!(sorting.answers.exact && sorting.kind == AnswersKind::Choice);
    assert_eq!(sorting.models.len(), 2);
    let invoice = begins(&report, "You read invoices.");
    let kinds: Vec<(&str, FieldKind)> = invoice
        .fields
        .iter()
        .map(|field| (field.path.as_str(), field.kind))
        .collect();
    assert_eq!(invoice.kind, AnswersKind::Record);
    assert_eq!(kinds[1], ("currency", FieldKind::Chosen));
    assert_eq!(kinds[5], ("vendor", FieldKind::Copied));
    let review = begins(&report, "Say whether the following review");
    assert_eq!(
        (review.prompt.kind, review.kind),
        (PromptKind::Template, AnswersKind::Choice)
    );
    let chat = begins(&report, "You help the customers");
    assert_eq!(
        (chat.kind, chat.verdict),
        (AnswersKind::Text, ShapeVerdict::StayWithFrontier)
    );
    let spam = begins(&report, "Is this message spam?");
    assert_eq!(spam.verdict, ShapeVerdict::CannotTell);
    assert!(
        spam.missing[0].starts_with("answered calls"),
        "{:?}",
        spam.missing
    );
    let free = report
        .workloads
        .iter()
        .find(|w| w.prompt.kind == PromptKind::Free)
        .unwrap();
    assert_eq!(free.verdict, ShapeVerdict::StayWithFrontier);
    // 13,200 calls in 60 days are 220 a day in the log, and a hundred times as many.
    let traffic = sorting.traffic.as_ref().unwrap();
    assert!((traffic.mean_per_day - 22_000.0).abs() < 600.0 && traffic.days == 60);
    // Ranked by what there is to save.
    let savings: Vec<f64> = report.workloads.iter().map(WorkloadShape::net_saving).collect();
    assert!(
        savings.is_sorted_by(|a, b| a >= b) && savings[0] > 0.0,
        "{savings:?}"
    );
    assert_eq!(sorting.verdict, ShapeVerdict::UseHostedDecision);
}

/// Sentences, so that a reader of the terminal learns the volume from which on it would pay.
#[test]
fn where_too_little_is_asked_the_break_even_is_said() {
    let report = mixed(20_000, ShapeConfig::default());
    let sorting = begins(&report, generator::SORTING);
    assert_eq!(sorting.verdict, ShapeVerdict::StayWithFrontier);
    let text = report.to_string();
    assert!(text.contains("it is no dearer from"), "{text}");
    let breaks_even = sorting
        .balance
        .as_ref()
        .unwrap()
        .hosted_decision
        .break_even_calls_per_day;
    assert!(breaks_even.unwrap() > 1000.0);
}

#[test]
fn a_dear_hosted_model_and_much_traffic_speak_for_owning() {
    let mut config = ShapeConfig {
        traffic_share: 0.0002,
        ..ShapeConfig::default()
    };
    config.upkeep.handed_over_share = 0.001;
    config.prices.decision_per_million = 1.0;
    config.prices.decision_per_million_high = 1.5;
    let report = mixed(20_000, config);
    let sorting = begins(&report, generator::SORTING);
    assert_eq!(
        sorting.verdict,
        ShapeVerdict::OwnSmallModel,
        "{:?}",
        sorting.reasons
    );
    // The low end of the hosted price is still the default's, and would turn the verdict.
    let flips =
        |reason: &String| reason == "at 0.04 USD per million tokens it would be a hosted decision model";
    assert!(sorting.reasons.iter().any(flips), "{:?}", sorting.reasons);
}

#[test]
fn without_times_the_volume_is_missing_unless_it_is_given() {
    let lines: Vec<String> = (0..2000)
        .map(|n| {
            json!({"input": format!("question {n}"), "answer": (["a", "b"][n % 2]), "system": "Sort."})
                .to_string()
        })
        .collect();
    let untimed = of_lines(&lines, "jsonl", ShapeConfig::default());
    let workload = &untimed.workloads[0];
    assert_eq!(
        (workload.verdict, workload.balance.is_none()),
        (ShapeVerdict::CannotTell, true)
    );
    assert!(workload.missing[0].contains("no times"), "{:?}", workload.missing);
    assert!(workload.tokens.estimated, "the log counts no tokens");
    let config = ShapeConfig {
        calls_per_day: Some(1e6),
        ..ShapeConfig::default()
    };
    let given = of_lines(&lines, "jsonl", config);
    assert_ne!(given.workloads[0].verdict, ShapeVerdict::CannotTell);
}

#[test]
fn a_teacher_that_contradicts_itself_is_no_function_to_learn() {
    let lines: Vec<String> = (0..4000_u64)
        .map(|n| {
            json!({"input": format!("question {}", n % 50), "answer": (["a", "b"][(n / 50 % 2) as usize]),
                "system": "Sort.", "timestamp": 1_780_000_000 + n * 600})
            .to_string()
        })
        .collect();
    let report = of_lines(&lines, "jsonl", ShapeConfig::default());
    let workload = &report.workloads[0];
    assert_eq!(workload.verdict, ShapeVerdict::StayWithFrontier);
    assert_eq!(workload.rules[4].outcome, RuleOutcome::Fails);
    assert_eq!(workload.inputs.contradicted, Some(1.0));
}

#[test]
fn decisions_that_offer_their_answers_are_narrow_and_share_their_tokens() {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs/openai-decisions.jsonl");
    let logs = [LogFile::new(log, LogFormat::by_name("openai-decisions").unwrap())];
    let report = shape(&logs, &ShapeConfig::default().check().unwrap()).unwrap();
    assert_eq!((report.workloads.len(), report.calls), (4, 12));
    for workload in &report.workloads {
        assert_eq!(workload.kind, AnswersKind::Choice);
        assert_eq!(workload.tokens.input, 22.5, "90 tokens among four questions");
    }
}

#[test]
fn settings_that_are_no_numbers_are_named() {
    type Break = fn(&mut ShapeConfig);
    let broken: [(Break, &str); 5] = [
        (
            |c| c.prices.frontier_input_per_million = f64::NAN,
            "prices.frontier_input_per_million is NaN",
        ),
        (|c| c.upkeep.cost_per_hour = -1.0, "upkeep.cost_per_hour is -1"),
        (|c| c.traffic_share = 0.0, "traffic_share is 0"),
        (
            |c| c.limits.most_unseen = f64::INFINITY,
            "limits.most_unseen is inf",
        ),
        (|c| c.calls_per_day = Some(f64::NAN), "calls_per_day is NaN"),
    ];
    for (break_it, expected) in broken {
        let mut config = ShapeConfig::default();
        break_it(&mut config);
        let message = config.check().unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn a_page_is_whole_fetches_nothing_and_stays_small() {
    let hostile = |n: u64| {
        let text = format!("</style><script>alert({n})</script>\u{202e}").repeat(200);
        json!({"input": text, "answer": text, "system": format!("<b>{n}</b> {text}"), "model": text,
            "timestamp": 1_000_000_000 + n * 9_000_000})
        .to_string()
    };
    let lines: Vec<String> = (0..400).map(hostile).collect();
    let config = ShapeConfig {
        most_workloads: 1000,
        ..ShapeConfig::default()
    };
    let page = of_lines(&lines, "jsonl", config).to_html();
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
    for forbidden in [
        "<script", "http:", "https:", "src=", "\u{202e}", "@import", "url(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    let config = ShapeConfig {
        traffic_share: 0.001,
        ..ShapeConfig::default()
    };
    let mixed = mixed(3000, config).to_html();
    assert!(mixed.contains("use a hosted decision model") && mixed.ends_with("</html>"));
}

/// A line of a small log that is often odd.
fn any_line() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just(json!(-5)),
        Just(json!("9999-12-31T00:00:00Z")),
        Just(json!(1e300)),
        Just(json!(null)),
        Just(json!("x")),
        (1_700_000_000_u64..1_700_900_000).prop_map(|at| json!(at)),
    ];
    let text = prop_oneof!["[ab]{1,2}", "\\PC{0,12}"];
    let answer = prop_oneof![
        text.clone().prop_map(Value::from),
        ("[ab]", "[ab]{1,3}").prop_map(|(a, b)| json!({"label": a, "note": b, "confidence": 0.5})),
        Just(Value::Null),
    ];
    let call = (text, answer, odd.clone(), odd, 0..3_u8).prop_map(|(input, answer, time, tokens, prompt)| {
        json!({"input": input, "answer": answer, "timestamp": time, "input_tokens": tokens, "output_tokens": 3,
            "latency_ms": tokens, "system": format!("Do the thing of kind {prompt} and say no word more.")})
        .to_string()
    });
    prop_oneof![9 => call, 1 => Just("{ broken".to_owned())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn the_order_of_lines_changes_nothing_and_no_line_is_too_odd(
        lines in prop::collection::vec(any_line(), 0..120)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
    ) {
        let config = || ShapeConfig { calls_per_day: Some(1e6), ..ShapeConfig::default() };
        let (a, b) = (of_lines(&lines.0, "jsonl", config()), of_lines(&lines.1, "jsonl", config()));
        prop_assert_eq!(&a, &b);
        let of_workloads: u64 = a.workloads.iter().map(|workload| workload.calls).sum();
        prop_assert_eq!(of_workloads + a.other_calls, a.calls);
        prop_assert_eq!(a.calls + a.damaged.values().sum::<u64>(), a.lines);
        for workload in &a.workloads {
            let unanswered: u64 = workload.unanswered.values().sum();
            prop_assert_eq!(workload.answers.calls + unanswered, workload.calls);
            prop_assert!(workload.net_saving().is_finite());
        }
        let (text, page) = (a.to_string(), a.to_html());
        prop_assert!(!text.contains("NaN") && !page.contains("NaN"));
        let read: ShapeReport = serde_json::from_str(&serde_json::to_string(&a).unwrap()).unwrap();
        prop_assert_eq!(read, a);
    }
}
