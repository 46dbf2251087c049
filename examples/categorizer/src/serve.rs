//! How fast the answers come.

use std::time::{Duration, Instant};

use adapter_runtime::{Classifier, Latency};
use serde::Serialize;

use crate::{Fallible, say};

/// What serving costs in time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Serving {
    /// One text after the other.
    pub(crate) single: Latency,
    /// Answers a second when texts come in batches of 256 and passes run on all threads.
    pub(crate) rows_per_second: f64,
    /// Threads of this machine.
    pub(crate) threads: usize,
}

/// Measures single answers, then batches, on texts that the model answers anyway.
pub(crate) fn measure(classifier: &Classifier, texts: &[&str]) -> Fallible<Serving> {
    let texts = &texts[..texts.len().min(1_000)];
    // The first answers pay for cold caches.
    for text in texts.iter().take(20) {
        classifier.answer(text)?;
    }
    let durations = texts
        .iter()
        .take(400)
        .map(|text| {
            let begin = Instant::now();
            classifier.answer(text)?;
            Ok(begin.elapsed())
        })
        .collect::<Fallible<Vec<Duration>>>()?;
    let begin = Instant::now();
    for batch in texts.chunks(256) {
        classifier.answers(batch)?;
    }
    let serving = Serving {
        single: Latency::of(&durations).ok_or("there are no texts to measure with")?,
        rows_per_second: texts.len() as f64 / begin.elapsed().as_secs_f64(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    say(&format!(
        "one text: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms; batches: {:.0} texts a second on {} threads",
        serving.single.p50_ms,
        serving.single.p90_ms,
        serving.single.p99_ms,
        serving.rows_per_second,
        serving.threads
    ));
    Ok(serving)
}
