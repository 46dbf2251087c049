use super::*;

fn answer(latency_ms: Option<f64>, cost_usd: Option<f64>) -> MeasuredAnswer {
    MeasuredAnswer { latency_ms, cost_usd }
}

#[test]
fn a_file_of_predictions_is_a_file_of_usage_whatever_else_its_lines_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.jsonl");
    let lines = "{\"id\":\"a\",\"answer\":\"x\",\"latency_ms\":3.5,\"cost_usd\":0.002}\n{\"id\":\"b\",\"answer\":\"y\"}\n\
                 {\"id\":\"c\",\"latency_ms\":1}\n";
    std::fs::write(&path, lines).unwrap();
    let usage = Usage::open(&path).unwrap();
    assert_eq!(
        (usage.answers(), usage.latency_ms(), usage.cost_usd()),
        (3, [1.0, 3.5].as_slice(), [0.002].as_slice())
    );
    std::fs::write(&path, "{\"latency_ms\":\"fast\"}\n").unwrap();
    assert!(matches!(
        Usage::open(&path),
        Err(UsageError::File(FileError::Line { line: 1, .. }))
    ));
}

#[test]
fn figures_that_cannot_be_are_refused_by_answer_and_key() {
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let error = Usage::new([answer(Some(1.0), None), answer(None, Some(value))]).unwrap_err();
        assert!(
            matches!(
                error,
                UsageError::Value {
                    answer: 2,
                    key: "cost_usd",
                    ..
                }
            ),
            "{error}"
        );
        assert!(Usage::default().with_cost_of_each(value).is_err());
    }
    let edited = "{\"answers\":1,\"latency_ms\":[-3],\"cost_usd\":[]}";
    assert!(serde_json::from_str::<Usage>(edited).is_err());
}

#[test]
fn figures_come_back_from_json_as_they_were() {
    let usage = Usage::new([
        answer(Some(3.0), Some(0.1)),
        answer(None, None),
        answer(Some(0.1 + 0.2), None),
    ])
    .unwrap();
    let text = serde_json::to_string(&usage).unwrap();
    assert_eq!(serde_json::from_str::<Usage>(&text).unwrap(), usage);
}

#[test]
fn what_was_not_measured_has_no_facts() {
    assert_eq!(Usage::new([answer(None, None)]).unwrap().facts(), None);
    let facts = Usage::new((1..=100).map(|i| answer(Some(f64::from(i)), None)))
        .unwrap()
        .facts()
        .unwrap();
    assert_eq!(
        (facts.p50_ms, facts.p95_ms, facts.p99_ms, facts.mean_usd),
        (Some(50.0), Some(95.0), Some(99.0), None)
    );
}
