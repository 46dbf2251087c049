use std::fs;

use gold_eval::{Baseline, BaselineError, GoldSet, JoinError, Teacher, TeacherAnswer};
use stage_files::write_json_lines;
use task_spec::{Label, Task};

use crate::world::{World, rows, teacher};

fn answers(world: &World) -> Vec<TeacherAnswer> {
    let rows = world.gold.rows().iter();
    rows.map(|row| TeacherAnswer {
        id: row.id.clone(),
        answer: row.label.to_uppercase(),
        confidence: Some(0.9),
    })
    .collect()
}

#[test]
fn raw_answers_are_kept_word_for_word_and_scored_by_the_tasks_rules() {
    let world = World::new(&[3, 5, 2]);
    let mut answers = answers(&world);
    answers[0].answer = "I am not sure, sorry.".to_owned();
    answers[9].answer = "label-00".to_owned();
    let baseline = Baseline::pin(&world.gold, teacher(), answers).unwrap();
    assert_eq!((baseline.correct(), baseline.outside()), (8, 1));
    assert_eq!(baseline.rows()[0].answer, "I am not sure, sorry.");
    assert_eq!(baseline.rows()[0].meaning, None);
    assert_eq!(baseline.rows()[1].answer, "LABEL-00");
    assert_eq!(baseline.rows()[1].meaning.as_deref(), Some("label-00"));
}

#[test]
fn it_opens_as_it_was_pinned_whatever_the_order_of_answers() {
    let world = World::new(&[3, 5, 2]);
    let mut shuffled = answers(&world);
    shuffled.reverse();
    Baseline::pin(&world.gold, teacher(), answers(&world))
        .unwrap()
        .write(&world.path("a.json"))
        .unwrap();
    Baseline::pin(&world.gold, teacher(), shuffled)
        .unwrap()
        .write(&world.path("b.json"))
        .unwrap();
    assert_eq!(
        fs::read(world.path("a.json")).unwrap(),
        fs::read(world.path("b.json")).unwrap()
    );
    let opened = Baseline::open(&world.path("a.json"), &world.gold).unwrap();
    assert_eq!((opened.correct(), opened.teacher()), (10, &teacher()));
}

#[test]
fn missing_extra_and_repeated_rows_are_named() {
    let world = World::new(&[3, 5, 2]);
    let pin = |answers| match Baseline::pin(&world.gold, teacher(), answers).unwrap_err() {
        BaselineError::Join(error) => error,
        error => panic!("{error}"),
    };
    let mut missing = answers(&world);
    missing.drain(2..4);
    assert_eq!(
        pin(missing),
        JoinError::Missing {
            id: "g0002".to_owned(),
            others: 1
        }
    );
    let mut extra = answers(&world);
    extra.push(TeacherAnswer {
        id: "stranger".to_owned(),
        ..extra[0].clone()
    });
    assert_eq!(
        pin(extra),
        JoinError::Extra {
            id: "stranger".to_owned(),
            others: 0
        }
    );
    let mut twice = answers(&world);
    twice.push(twice[4].clone());
    assert_eq!(
        pin(twice),
        JoinError::Duplicate {
            id: "g0004".to_owned()
        }
    );
}

#[test]
fn a_confidence_that_is_no_probability_is_named() {
    let world = World::new(&[3, 5, 2]);
    for bad in [f64::NAN, -0.1, 1.5] {
        let mut answers = answers(&world);
        answers[3].confidence = Some(bad);
        let error = Baseline::pin(&world.gold, teacher(), answers).unwrap_err();
        assert!(
            matches!(&error, BaselineError::Confidence { id, .. } if id == "g0003"),
            "{error}"
        );
    }
    let blank = Baseline::pin(&world.gold, Teacher::new(" ", "p"), answers(&world)).unwrap_err();
    assert!(matches!(blank, BaselineError::BlankModel), "{blank}");
}

#[test]
fn a_baseline_of_another_version_is_refused() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("baseline.json");
    Baseline::pin(&world.gold, teacher(), answers(&world))
        .unwrap()
        .write(&path)
        .unwrap();
    write_json_lines(&world.path("gold.jsonl"), rows(&[3, 5, 3])).unwrap();
    let next = GoldSet::freeze(&world.path("gold.jsonl"), &world.task, 2).unwrap();
    let error = Baseline::open(&path, &next).unwrap_err();
    assert!(
        matches!(
            error,
            BaselineError::OtherGold {
                expected_version: 1,
                found_version: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_pinned_baseline_is_not_overwritten_by_another() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("baseline.json");
    let first = Baseline::pin(&world.gold, teacher(), answers(&world)).unwrap();
    first.write(&path).unwrap();
    first.write(&path).unwrap();
    let mut worse = answers(&world);
    worse[0].answer = "label-01".to_owned();
    let error = Baseline::pin(&world.gold, teacher(), worse)
        .unwrap()
        .write(&path)
        .unwrap_err();
    assert!(matches!(error, BaselineError::AlreadyPinned { .. }), "{error}");
}

#[test]
fn a_label_that_its_raw_answer_does_not_mean_is_refused() {
    let world = World::new(&[3, 5, 2]);
    let path = world.path("baseline.json");
    let mut answers = answers(&world);
    answers[0].answer = "first".to_owned();
    Baseline::pin(&world.gold, teacher(), answers)
        .unwrap()
        .write(&path)
        .unwrap();
    // A new alias makes the old answer right: the line must not move without being pinned again.
    let mut labels = world.task.labels().labels().to_vec();
    labels[0] = Label::new("label-00").with_alias("first");
    let task = Task::of_labels("demo", labels).unwrap();
    let gold = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &task).unwrap();
    let error = Baseline::open(&path, &gold).unwrap_err();
    assert!(
        matches!(&error, BaselineError::Rescored { id, .. } if id == "g0000"),
        "{error}"
    );
    // Neither does an edit of the file.
    let edited =
        fs::read_to_string(&path)
            .unwrap()
            .replacen("\"meaning\": null", "\"meaning\": \"label-00\"", 1);
    fs::write(&path, edited).unwrap();
    let error = Baseline::open(&path, &world.gold).unwrap_err();
    assert!(
        matches!(
            &error,
            BaselineError::Rescored {
                pinned: Some(_),
                now: None,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn counts_that_are_not_those_of_the_rows_are_refused() {
    let world = World::new(&[5, 5]);
    let path = world.path("baseline.json");
    let baseline = world.baseline(world.answers(1, |_, _| 0.6));
    baseline.write(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let says = format!("\"correct\": {}", baseline.correct());
    assert!(text.contains(&says), "{text}");
    fs::write(&path, text.replace(&says, "\"correct\": 10")).unwrap();
    let error = Baseline::open(&path, &world.gold).unwrap_err();
    assert!(
        matches!(&error, BaselineError::Counts { correct, .. } if *correct == baseline.correct()),
        "{error}"
    );
    // What is scored again goes by the rows, too.
    let (again, change) = Baseline::rescore(&path, &world.gold).unwrap();
    assert_eq!(change.correct_before, again.correct());
}
