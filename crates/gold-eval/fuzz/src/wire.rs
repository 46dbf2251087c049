//! What servers answer: a byte for the shape and the number of questions, then the body.

use std::error::Error;

use gold_eval::{PredictedRow, Predictions, Wire, WireShape};

use crate::world::{task, world};

/// The body answers as many questions as were asked or is refused by an error that can be put into words, twice in the same
/// way; a distribution that is kept is one that the gate takes; and any text can be asked about.
pub fn holds(data: &[u8]) {
    let Some((&which, body)) = data.split_first() else {
        return;
    };
    let shape = WireShape::ALL[usize::from(which) % WireShape::ALL.len()];
    let asked = 1 + usize::from(which / 128);
    let body = String::from_utf8_lossy(body);
    let wire = Wire::new(shape, task(), Some("m".to_owned())).with_logprobs(true);
    let request = wire.request(&vec![&*body; asked]).to_string();
    assert!(serde_json::from_str::<serde_json::Value>(&request).is_ok_and(|read| read.is_object()));
    let _counted = wire.tokens(&body);
    let answers = match wire.answers(&body, asked) {
        Ok(answers) => answers,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(error.source().is_none_or(|source| !source.to_string().is_empty()));
            return;
        }
    };
    assert_eq!(answers.len(), asked);
    assert_eq!(
        answers,
        wire.answers(&body, asked).expect("it could be read before")
    );
    let world = world();
    for answer in answers {
        if answer.probabilities.is_empty() {
            continue;
        }
        assert!(
            answer
                .probabilities
                .is_sorted_by(|a, b| a.probability >= b.probability)
        );
        // A distribution is kept only where the gate takes it.
        let rows = world.gold.rows().iter().map(|row| PredictedRow {
            id: row.id.clone(),
            prediction: answer.clone(),
        });
        if let Err(error) = Predictions::new("p", &world.gold, rows) {
            panic!("{error}: {answer:?}");
        }
    }
}
