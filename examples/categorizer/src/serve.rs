//! How fast the answers come.

use std::time::{Duration, Instant};

use adapter_runtime::{Classifier, Latency};
use serde::Serialize;

use crate::{Fallible, say};

/// What serving costs in time.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Serving {
    /// One text after the other, each cut over all threads.
    pub(crate) single: Latency,
    /// One text after the other on one thread.
    pub(crate) single_on_one_thread: Latency,
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
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let single = one_by_one(classifier, texts)?;
    let single_on_one_thread =
        one_thread.install(|| one_by_one(classifier, texts).map_err(|e| e.to_string()))?;
    let begin = Instant::now();
    for batch in texts.chunks(256) {
        classifier.answers(batch)?;
    }
    let serving = Serving {
        single,
        single_on_one_thread,
        rows_per_second: texts.len() as f64 / begin.elapsed().as_secs_f64(),
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    for (latency, threads) in [
        (&serving.single_on_one_thread, "one thread"),
        (&serving.single, "all threads"),
    ] {
        say(&format!(
            "one text on {threads}: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms",
            latency.p50_ms, latency.p90_ms, latency.p99_ms
        ));
    }
    say(&format!(
        "batches: {:.0} texts a second on {} threads",
        serving.rows_per_second, serving.threads
    ));
    Ok(serving)
}

/// How long each of some texts takes, one after the other.
fn one_by_one(classifier: &Classifier, texts: &[&str]) -> Fallible<Latency> {
    let durations = texts
        .iter()
        .take(400)
        .map(|text| {
            let begin = Instant::now();
            classifier.answer(text)?;
            Ok(begin.elapsed())
        })
        .collect::<Fallible<Vec<Duration>>>()?;
    Ok(Latency::of(&durations).ok_or("there are no texts to measure with")?)
}
