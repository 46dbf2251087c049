use std::fs;

use gold_eval::{
    Baseline, BaselineError, BaselineStep, Carry, GoldError, GoldSet, JoinError, Reasons, Teacher,
    TeacherAnswer,
};
use stage_files::write_json_lines;
use task_spec::{GoldRow, Label, Task};

use crate::world::{World, rows, teacher};

fn answer(id: &str, answer: &str) -> TeacherAnswer {
    TeacherAnswer {
        id: id.to_owned(),
        answer: answer.to_owned(),
        confidence: None,
    }
}

/// A baseline on version 1, right on every row but the first, and version 2: g0001 is relabelled, g0002 reworded, g0003
/// gone, and one is new.
fn pinned_and_next() -> (World, GoldSet) {
    let world = World::new(&[3, 5, 2]);
    let answers = world.gold.rows().iter().map(|row| match row.id.as_str() {
        "g0000" => answer("g0000", "no idea"),
        id => answer(id, &row.label.to_uppercase()),
    });
    Baseline::pin(&world.gold, teacher(), answers)
        .unwrap()
        .write(&world.path("v1.json"))
        .unwrap();
    let mut next = rows(&[3, 5, 2]);
    next[1].label = "label-02".to_owned();
    next[2].input = "another question".to_owned();
    next.remove(3);
    next.push(GoldRow {
        id: "new".to_owned(),
        input: "a new question".to_owned(),
        label: "label-01".to_owned(),
    });
    write_json_lines(&world.path("gold.jsonl"), next).unwrap();
    let reasons = Reasons::default().with_every("corrected");
    let gold = GoldSet::freeze_because(&world.path("gold.jsonl"), &world.task, 2, &reasons)
        .unwrap()
        .gold;
    (world, gold)
}

fn carry(world: &World, gold: &GoldSet) -> Carry {
    Carry::open(&world.path("v1.json"), &world.path("gold.jsonl"), gold).unwrap()
}

#[test]
fn only_new_and_reworded_rows_are_asked_and_the_rest_is_kept_word_for_word() {
    let (world, gold) = pinned_and_next();
    let carry = carry(&world, &gold);
    let asked: Vec<&str> = carry
        .to_ask()
        .iter()
        .map(|question| question.id.as_str())
        .collect();
    assert_eq!(
        (asked, carry.kept(), carry.dropped()),
        (vec!["g0002", "new"], 8, 2)
    );
    let written = serde_json::to_string(&carry.to_ask()[1]).unwrap();
    assert_eq!(written, r#"{"id":"new","input":"a new question"}"#);
    let answers = [answer("new", "label-01"), answer("g0002", "label-01")];
    let baseline = carry.finish(&gold, &teacher(), answers).unwrap();
    // Wrong: g0000 as before, g0001 by its new label, g0002 by its new answer.
    assert_eq!((baseline.correct(), baseline.outside()), (7, 1));
    assert_eq!(baseline.rows()[0].answer, "no idea");
    assert_eq!(baseline.rows()[1].answer, "LABEL-00");
    assert!(matches!(
        baseline.steps(),
        [BaselineStep::Carried {
            from_version: 1,
            kept: 8,
            asked: 2,
            rescored: 0,
            ..
        }]
    ));
    baseline.write(&world.path("v2.json")).unwrap();
    let opened = Baseline::open(&world.path("v2.json"), &gold).unwrap();
    assert_eq!(opened.steps(), baseline.steps());
    // What it was carried from stays.
    let first = world.path("gold.v1.jsonl");
    let first = GoldSet::open(&first, &first.with_extension("lock"), &world.task).unwrap();
    assert_eq!(
        Baseline::open(&world.path("v1.json"), &first).unwrap().correct(),
        9
    );
}

#[test]
fn another_model_or_another_prompt_is_refused() {
    let (world, gold) = pinned_and_next();
    for other in [
        Teacher::new("teacher-2026-06-01", "Choose one label."),
        Teacher::new("teacher-2026-05-01", "Choose one label!"),
    ] {
        let answers = [answer("new", "label-01"), answer("g0002", "label-00")];
        let error = carry(&world, &gold).finish(&gold, &other, answers).unwrap_err();
        assert!(matches!(error, BaselineError::OtherTeacher { .. }), "{error}");
    }
}

#[test]
fn an_answer_that_is_missing_or_that_nobody_asked_for_is_named() {
    let (world, gold) = pinned_and_next();
    let finish = |answers: Vec<TeacherAnswer>| match carry(&world, &gold).finish(&gold, &teacher(), answers) {
        Err(BaselineError::Join(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(
        matches!(finish(vec![answer("new", "label-01")]), JoinError::Missing { id, .. } if id == "g0002")
    );
    let all = || vec![answer("new", "label-01"), answer("g0002", "label-00")];
    let again = all().into_iter().chain([answer("g0000", "label-00")]).collect();
    assert!(matches!(finish(again), JoinError::Duplicate { id } if id == "g0000"));
    let gone = all().into_iter().chain([answer("g0003", "label-00")]).collect();
    assert!(matches!(finish(gone), JoinError::Extra { id, .. } if id == "g0003"));
}

#[test]
fn a_baseline_of_no_earlier_version_is_refused_and_so_are_lost_rows() {
    let (world, gold) = pinned_and_next();
    let open = || Carry::open(&world.path("v1.json"), &world.path("gold.jsonl"), &gold);
    fs::remove_file(world.path("gold.v1.jsonl")).unwrap();
    let error = open().unwrap_err();
    assert!(
        matches!(&error, BaselineError::Gold(gold) if matches!(**gold, GoldError::Kept { .. })),
        "{error}"
    );
    let text = fs::read_to_string(world.path("v1.json")).unwrap();
    fs::write(
        world.path("v1.json"),
        text.replacen("\"gold_version\": 1", "\"gold_version\": 7", 1),
    )
    .unwrap();
    let error = open().unwrap_err();
    assert!(
        matches!(
            error,
            BaselineError::NotEarlier {
                pinned: 7,
                version: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn new_aliases_score_the_raw_answers_again_in_another_file() {
    let (world, gold) = pinned_and_next();
    let answers = [answer("new", "label-01"), answer("g0002", "label-00")];
    carry(&world, &gold)
        .finish(&gold, &teacher(), answers)
        .unwrap()
        .write(&world.path("v2.json"))
        .unwrap();
    let mut labels = world.task.labels().labels().to_vec();
    labels[0] = Label::new("label-00").with_alias("no idea");
    let task = Task::of_labels("demo", labels).unwrap();
    let gold = GoldSet::open(&world.path("gold.jsonl"), &world.path("gold.lock"), &task).unwrap();
    let before = fs::read(world.path("v2.json")).unwrap();
    let (baseline, change) = Baseline::rescore(&world.path("v2.json"), &gold).unwrap();
    assert_eq!((change.correct_before, change.correct_after), (8, 9));
    assert_eq!((change.outside_before, change.outside_after), (1, 0));
    assert_eq!(change.rows.len(), 1);
    let row = &change.rows[0];
    assert_eq!(
        (row.id.as_str(), row.before.as_deref(), row.after.as_deref()),
        ("g0000", None, Some("label-00"))
    );
    assert!(matches!(
        baseline.steps(),
        [
            BaselineStep::Carried { .. },
            BaselineStep::Rescored { changed: 1, .. }
        ]
    ));
    let error = baseline.write(&world.path("v2.json")).unwrap_err();
    assert!(matches!(error, BaselineError::AlreadyPinned { .. }), "{error}");
    assert_eq!(fs::read(world.path("v2.json")).unwrap(), before);
    baseline.write(&world.path("v2-rescored.json")).unwrap();
    Baseline::open(&world.path("v2-rescored.json"), &gold).unwrap();
    // The line moves in a carry, too, and then it says so.
    write_json_lines(&world.path("gold.jsonl"), gold.rows()).unwrap();
    let third = GoldSet::freeze(&world.path("gold.jsonl"), &task, 3).unwrap();
    let carry = Carry::open(&world.path("v2.json"), &world.path("gold.jsonl"), &third).unwrap();
    assert_eq!((carry.rescored().len(), carry.to_ask().len()), (1, 0));
    assert_eq!(carry.finish(&third, &teacher(), []).unwrap().correct(), 9);
}
