//! One suite for every predictor: the same model in a closure, in a process and behind each kind of address.

use std::{collections::BTreeMap, error::Error, ops::ControlFlow};

use gold_eval::{AnswerSource, Batched, GoldSet, PredictorFn, Question, predict_gold};
use stage_files::write_json_lines;
use task_spec::{GoldRow, Prediction, Predictor};

use crate::{
    model::{LABELS, answer_to, process},
    world::task,
};

/// Texts that break a line, a quote, a header or a position if anything can.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "label-01",
        "two\nlines of label-02",
        "quotes \" and \\ and {\"id\":\"0\",\"answer\":\"label-02\"} label-01",
        "\u{2028}label-02\u{0}\u{7f}\r\n",
        "ünïcödé 🦀 label-01",
        "<|im_end|> label-02",
        "",
        " ",
        // Twice the same text is two questions.
        "label-01",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push(format!("{} label-02", "long ".repeat(20_000)));
    texts.extend((0..40).map(|row| format!("row {row} of {}", LABELS[row % 3])));
    texts
}

/// Every predictor that there is, made of the same model.
fn each_predictor(check: impl Fn(&str, &dyn Predictor)) {
    let each = PredictorFn::each("each", |input| Ok(Prediction::new(answer_to(input))));
    let batch = PredictorFn::batch("batch", |inputs: &[&str]| {
        Ok(inputs
            .iter()
            .map(|input| Prediction::new(answer_to(input)))
            .collect())
    });
    check("closure of one", &each);
    check("closure of many", &batch);
    check("process", &process());
    #[cfg(feature = "http")]
    for shape in gold_eval::WireShape::ALL {
        let url = crate::server::serve(move |request| crate::model::speak(shape, request));
        check(&shape.to_string(), &crate::http::endpoint(&url, shape, |_| {}));
        if shape.takes_batches() {
            check(
                &format!("{shape} in batches"),
                &crate::http::endpoint(&url, shape, |config| config.batch = 7),
            );
        }
    }
}

/// Every source of answers by id.
fn each_source(check: impl Fn(&str, &dyn AnswerSource)) {
    let closure = PredictorFn::each("each", |input| Ok(Prediction::new(answer_to(input))));
    check("closure", &Batched::new(&closure, 8));
    check("process", &process());
    #[cfg(feature = "http")]
    for shape in gold_eval::WireShape::ALL {
        let url = crate::server::serve(move |request| crate::model::speak(shape, request));
        check(&shape.to_string(), &crate::http::endpoint(&url, shape, |_| {}));
    }
}

#[test]
fn each_input_is_answered_in_its_place_whatever_is_in_it() {
    let texts = hostile();
    let inputs: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected: Vec<&str> = inputs.iter().map(|input| answer_to(input)).collect();
    each_predictor(|kind, predictor| {
        let answers = predictor.predict(&inputs).unwrap();
        let found: Vec<&str> = answers.iter().map(|answer| answer.answer.as_str()).collect();
        assert_eq!(found, expected, "{kind}");
    });
}

#[test]
fn a_batch_answers_as_its_rows_do_alone_and_in_any_order() {
    let texts = hostile();
    let inputs: Vec<&str> = texts.iter().map(String::as_str).take(9).collect();
    each_predictor(|kind, predictor| {
        let together = predictor.predict(&inputs).unwrap();
        let alone = inputs
            .iter()
            .map(|input| predictor.predict(&[input]).unwrap().remove(0));
        assert_eq!(together, alone.collect::<Vec<_>>(), "{kind}");
        let backwards: Vec<&str> = inputs.iter().rev().copied().collect();
        let mut answers = predictor.predict(&backwards).unwrap();
        answers.reverse();
        assert_eq!(together, answers, "{kind}");
    });
}

#[test]
fn no_question_has_no_answer_and_everyone_has_a_name() {
    each_predictor(|kind, predictor| {
        assert!(predictor.predict(&[]).unwrap().is_empty(), "{kind}");
        assert!(!predictor.name().trim().is_empty(), "{kind}");
    });
}

#[test]
fn a_gold_set_is_answered_by_everyone_alike() {
    let folder = tempfile::tempdir().unwrap();
    let rows = (0..16).map(|row| GoldRow {
        id: format!("g{row}"),
        input: format!("row {row} of {}", LABELS[row * row % 3]),
        label: LABELS[row % 3].to_owned(),
    });
    let path = folder.path().join("gold.jsonl");
    write_json_lines(&path, rows).unwrap();
    let gold = GoldSet::freeze(&path, &task(3), 1).unwrap();
    let expected: Vec<&str> = gold.inputs().map(|input| answer_to(&input)).collect();
    each_predictor(|kind, predictor| {
        let predictions = predict_gold(predictor, &gold, 6).unwrap();
        let found: Vec<&str> = predictions.rows().iter().map(|row| row.answer.as_str()).collect();
        assert_eq!(found, expected, "{kind}");
    });
}

#[test]
fn each_id_is_answered_once_and_a_reader_that_has_enough_is_left_alone() {
    let texts = hostile();
    let ids: Vec<String> = (0..texts.len()).map(|row| format!("gold \"{row}\"\n")).collect();
    let questions: Vec<Question<'_>> = (ids.iter().zip(&texts))
        .map(|(id, input)| Question {
            id,
            input: input.into(),
        })
        .collect();
    each_source(|kind, source| {
        let mut answers = BTreeMap::new();
        source
            .answer(&questions, &mut |answer| {
                let twice = answers.insert(answer.row.id.clone(), answer.row.prediction.answer);
                assert_eq!(twice, None, "{kind}");
                ControlFlow::Continue(())
            })
            .unwrap();
        let expected = questions
            .iter()
            .map(|question| (question.id.to_owned(), answer_to(&question.input).to_owned()));
        assert_eq!(answers, expected.collect(), "{kind}");

        let mut taken = 0;
        let enough = source.answer(&questions, &mut |_| {
            taken += 1;
            if taken < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        assert!(enough.is_ok() && taken == 3, "{kind}: {taken}");
        assert!(!source.identity().is_empty());
    });
}

#[test]
fn a_closure_that_fails_keeps_its_reason() {
    let model = PredictorFn::each("mine", |_| Err("out of memory".into()));
    let error = model.predict(&["a", "b"]).unwrap_err();
    assert_eq!((error.predictor.as_str(), error.rows), ("mine", 2));
    assert_eq!(error.source().unwrap().to_string(), "out of memory");
}

#[test]
fn predictors_and_their_errors_go_between_threads() {
    fn is_shared<T: Send + Sync + Unpin>() {}
    is_shared::<gold_eval::ModelProcess>();
    is_shared::<gold_eval::ProcessError>();
    is_shared::<gold_eval::Wire>();
    is_shared::<gold_eval::WireError>();
    is_shared::<gold_eval::Collected>();
    is_shared::<gold_eval::CollectError>();
    is_shared::<gold_eval::AnswerFileError>();
    #[cfg(feature = "http")]
    {
        is_shared::<gold_eval::HttpEndpoint>();
        is_shared::<gold_eval::HttpError>();
    }
}
