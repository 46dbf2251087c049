use std::{
    fs::{self, File},
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex},
};

use gold_eval::{
    AnswerSource, Batched, CollectError, JoinError, Keep, PredictedRow, Predictions, PredictionsError,
    PredictorFn, Question, TimedRow, collect,
};
use stage_files::ContentHash;
use task_spec::{PredictError, Prediction, Predictor};

use crate::{model::answer_to, world::World};

/// Answers by the model; the questions that it gets are noted, and it fails after so many.
fn model(fails_after: usize, asked: &Arc<Mutex<Vec<String>>>) -> impl Predictor + use<> {
    let asked = asked.clone();
    PredictorFn::each("model", move |input: &str| {
        let mut asked = asked.lock().unwrap();
        if asked.len() >= fails_after {
            return Err("the model is gone".into());
        }
        asked.push(input.to_owned());
        Ok(Prediction::new(answer_to(input)))
    })
}

fn run(world: &World, predictor: &dyn Predictor, path: &Path) -> Result<usize, CollectError> {
    collect(&Batched::new(predictor, 1), &world.gold, path, &mut |_, _| {}).map(|collected| collected.asked)
}

#[test]
fn what_was_answered_before_a_failure_is_not_asked_again() {
    let world = World::new(&[5, 5, 5]);
    let path = world.path("out/predictions.jsonl");
    let asked = Arc::default();
    let error = run(&world, &model(6, &asked), &path).unwrap_err();
    assert!(
        matches!(
            &error,
            CollectError::Stopped {
                answered: 6,
                rows: 15,
                ..
            }
        ),
        "{error}"
    );
    // A kill can leave part of a line.
    let partial = world.path("out/predictions.jsonl.partial");
    let torn = fs::read_to_string(&partial).unwrap() + r#"{"id":"g00"#;
    fs::write(&partial, torn).unwrap();

    assert_eq!(run(&world, &model(100, &asked), &path).unwrap(), 9);
    let mut all = asked.lock().unwrap().clone();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), asked.lock().unwrap().len()), (15, 15));
    assert!(!partial.exists());
    assert_eq!(run(&world, &model(0, &asked), &path).unwrap(), 0);

    let opened = Predictions::open(&path, "model", &world.gold).unwrap();
    assert!(
        opened
            .rows()
            .iter()
            .zip(world.gold.inputs())
            .all(|(row, input)| row.answer == answer_to(&input))
    );
    let account = fs::read_to_string(world.path("out/predictions.account.json")).unwrap();
    assert!(
        account.contains("\"p95_ms\"") && account.contains(ContentHash::of_file(&path).unwrap().as_str())
    );
    assert!(
        fs::read_to_string(&path)
            .unwrap()
            .lines()
            .all(|line| line.contains("latency_ms"))
    );
}

#[test]
fn answers_of_another_source_or_gold_set_are_neither_mixed_in_nor_written_over() {
    let world = World::new(&[5, 5, 5]);
    let path = world.path("predictions.jsonl");
    let asked = Arc::default();
    run(&world, &model(6, &asked), &path).unwrap_err();
    let other = PredictorFn::each("other", |input| Ok(Prediction::new(answer_to(input))));
    let error = run(&world, &other, &path).unwrap_err();
    assert!(matches!(error, CollectError::OtherRun { .. }), "{error}");
    let error = run(&World::new(&[5, 5, 6]), &model(100, &asked), &path).unwrap_err();
    assert!(matches!(error, CollectError::OtherRun { .. }), "{error}");

    run(&world, &model(100, &asked), &path).unwrap();
    let error = run(&world, &other, &path).unwrap_err();
    assert!(matches!(error, CollectError::OtherRun { .. }), "{error}");
    let edited = fs::read_to_string(&path)
        .unwrap()
        .replacen("label-00", "label-01", 1);
    fs::write(&path, edited).unwrap();
    let error = run(&world, &model(100, &asked), &path).unwrap_err();
    assert!(matches!(error, CollectError::Foreign { .. }), "{error}");
    fs::remove_file(world.path("predictions.account.json")).unwrap();
    let error = run(&world, &model(100, &asked), &path).unwrap_err();
    assert!(matches!(error, CollectError::Foreign { .. }), "{error}");
}

#[test]
fn two_runs_do_not_write_one_file() {
    let world = World::new(&[5, 5]);
    let path = world.path("predictions.jsonl");
    let partial = File::create(world.path("predictions.jsonl.partial")).unwrap();
    partial.lock().unwrap();
    let error = run(&world, &model(100, &Arc::default()), &path).unwrap_err();
    assert!(matches!(error, CollectError::InUse { .. }), "{error}");
    partial.unlock().unwrap();
    assert_eq!(run(&world, &model(100, &Arc::default()), &path).unwrap(), 10);
}

/// Hands over these answers, whatever is asked.
struct Says(Vec<(String, Prediction)>);

impl AnswerSource for Says {
    fn name(&self) -> &str {
        "says"
    }

    fn identity(&self) -> String {
        "what it says".to_owned()
    }

    fn answer(&self, _: &[Question<'_>], keep: &mut Keep<'_>) -> Result<(), PredictError> {
        for (id, prediction) in self.0.clone() {
            let row = PredictedRow { id, prediction };
            if keep(TimedRow {
                row,
                latency_ms: None,
                cost_usd: None,
            }) == ControlFlow::Break(())
            {
                break;
            }
        }
        Ok(())
    }
}

#[test]
fn an_answer_that_cannot_be_used_is_named_and_not_kept() {
    let world = World::new(&[2, 2]);
    let good: Vec<(String, Prediction)> = (world.gold.rows().iter())
        .map(|row| (row.id.clone(), Prediction::new(&row.label)))
        .collect();
    let path = world.path("predictions.jsonl");
    let collected = |answers: Vec<(String, Prediction)>| {
        collect(&Says(answers), &world.gold, &path, &mut |_, _| {}).map(|collected| collected.asked)
    };
    let of = |error| match error {
        CollectError::Answer { source, .. } => source,
        other => panic!("{other}"),
    };
    let stranger = vec![("stranger".to_owned(), Prediction::new("label-00"))];
    let error = of(collected(stranger).unwrap_err());
    assert!(
        matches!(&error, PredictionsError::Join(JoinError::Extra { id, .. }) if id == "stranger"),
        "{error}"
    );
    let sure = vec![(
        "g0001".to_owned(),
        Prediction::new("label-00").with_confidence(1.2),
    )];
    let error = of(collected(sure).unwrap_err());
    assert!(
        matches!(&error, PredictionsError::Confidence { id, .. } if id == "g0001"),
        "{error}"
    );
    let error = of(collected(vec![good[0].clone(), good[0].clone()]).unwrap_err());
    assert!(
        matches!(&error, PredictionsError::Join(JoinError::Duplicate { id }) if id == "g0000"),
        "{error}"
    );
    // The one good answer so far was kept, so that only three are missing; one of them stays so.
    let error = of(collected(good[1..3].to_vec()).unwrap_err());
    assert!(
        matches!(&error, PredictionsError::Join(JoinError::Missing { id, others: 0 }) if id == "g0003"),
        "{error}"
    );
    assert_eq!(collected(good[3..].to_vec()).unwrap(), 1);
}

#[test]
fn the_file_does_not_depend_on_the_order_of_the_answers() {
    let bytes = |reversed: bool| {
        let world = World::new(&[4, 3, 5]);
        let mut answers: Vec<(String, Prediction)> = (world.gold.rows().iter())
            .map(|row| (row.id.clone(), Prediction::new(&row.label)))
            .collect();
        if reversed {
            answers.reverse();
        }
        let path = world.path("predictions.jsonl");
        collect(&Says(answers), &world.gold, &path, &mut |_, _| {}).unwrap();
        (
            fs::read(&path).unwrap(),
            fs::read(world.path("predictions.account.json")).unwrap(),
        )
    };
    assert_eq!(bytes(false), bytes(true));
}
