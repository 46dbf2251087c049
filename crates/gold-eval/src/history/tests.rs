use super::*;

fn look(number: u8, gold: &str) -> Look {
    Look {
        at: format!("2026-11-{number:02}T00:00:00Z"),
        gold_version: 1,
        gold_hash: ContentHash::of_bytes(gold.as_bytes()),
        predictor: "adapter".to_owned(),
        model_hash: None,
        answers_hash: ContentHash::of_bytes(&[number / 2]),
        gate: "clear-the-line".to_owned(),
        accuracy: f64::from(number) / 100.0,
        verdict: Verdict::Hold,
        right: Some(RightRows::new((0..100).map(|row| row < number))),
    }
}

#[test]
fn looks_are_counted_by_gold_set_and_by_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/history.jsonl");
    assert_eq!(History::open(&path).unwrap(), History::default());
    for number in 0..5 {
        History::append(&path, &look(number, if number == 4 { "other" } else { "gold" })).unwrap();
    }
    let history = History::open(&path).unwrap();
    assert_eq!(history.looks().len(), 5);
    let before = history.before(&ContentHash::of_bytes(b"gold"));
    assert_eq!(
        (before.looks, before.candidates, before.best_accuracy),
        (4, 2, Some(0.03))
    );
    assert_eq!(
        history.before(&ContentHash::of_bytes(b"none")).best_accuracy,
        None
    );
}

#[test]
fn a_kill_at_any_byte_of_an_append_loses_at_most_that_look() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    History::append(&path, &look(1, "gold")).unwrap();
    let one = fs::read(&path).unwrap();
    History::append(&path, &look(2, "gold")).unwrap();
    let two = fs::read(&path).unwrap();
    for cut in one.len()..two.len() {
        fs::write(&path, &two[..cut]).unwrap();
        assert_eq!(
            History::open(&path).unwrap().looks(),
            [look(1, "gold")],
            "cut at {cut}"
        );
        History::append(&path, &look(3, "gold")).unwrap();
        assert_eq!(
            History::open(&path).unwrap().looks(),
            [look(1, "gold"), look(3, "gold")],
            "cut at {cut}"
        );
    }
}

#[test]
fn looks_taken_at_the_same_time_are_all_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..10 {
                    History::append(path, &look(number, "gold")).unwrap();
                }
            });
        }
    });
    assert_eq!(History::open(&path).unwrap().looks().len(), 80);
}

#[test]
fn a_damaged_line_in_the_middle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.jsonl");
    History::append(&path, &look(1, "gold")).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{good}{{\"at\":\n{good}")).unwrap();
    let error = History::open(&path).unwrap_err();
    assert!(matches!(error, FileError::Line { line: 2, .. }), "{error}");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_history_or_an_error(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        fs::write(&path, bytes).unwrap();
        let _history_or_error = History::open(&path);
    }
}
