//! What the page shows, as the program that ran has it.

use distill_data::Manifest;
use drift_stats::{Balance, WindowReport};
use gold_eval::Report;
use serde::Serialize;

/// A whole run: everything that the page is made of, and nothing that it would have to look up.
#[derive(Debug, Clone, Serialize)]
pub struct RunPage<'a> {
    /// The name of the run, as a heading.
    pub title: &'a str,
    /// Whether the log is generated and not anybody's; the page then says so before anything else.
    pub generated: bool,
    /// The adapters in the order in which they were made: the first, then the one after the drift.
    pub generations: &'a [GenerationView<'a>],
    /// The days of live traffic, in order.
    pub days: &'a [DayView],
    /// What the drift monitor said, window by window, in order.
    pub windows: &'a [WindowReport],
    /// What was sent back to the teacher, if anything was.
    pub relabelled: Option<RelabelledView>,
    /// How fast the adapter answers.
    pub serving: ServingView,
    /// What three ways to serve cost, if it was weighed.
    pub balance: Option<&'a Balance>,
    /// Where the time of the run went: name of the stage, seconds; in order.
    pub stages: &'a [(String, f64)],
    /// The files that the run left: path relative to the page, what it is.
    pub files: &'a [(String, String)],
}

/// An adapter: what it was made from, how training went, and what the gate says.
#[derive(Debug, Clone, Serialize)]
pub struct GenerationView<'a> {
    /// What to call it, such as "first adapter".
    pub name: &'a str,
    /// The account of its curation.
    pub manifest: &'a Manifest,
    /// The training loss: optimiser step, nats. Values that are not finite are left out of the picture.
    pub loss: &'a [(usize, f64)],
    /// The loss on rows held out of training: optimiser step, nats.
    pub held_out: &'a [(usize, f64)],
    /// What the gate says of it.
    pub report: &'a Report,
    /// How long training took, in seconds.
    pub seconds: f64,
    /// How many parameters were trained.
    pub trained_parameters: usize,
    /// The most memory that the process held until the end of training, in bytes, where it is known.
    pub peak_memory_bytes: Option<u64>,
}

/// One day of live traffic. What is right is known only because the traffic is generated.
#[derive(Debug, Clone, Serialize)]
pub struct DayView {
    /// Its number in the month, from 1.
    pub day: u32,
    /// Its date, as it is to be shown.
    pub date: String,
    /// Rows served.
    pub rows: u64,
    /// Of those, rows that the first adapter answers right.
    pub right_first: u64,
    /// Of those, rows that the retrained adapter answers right.
    pub right_second: Option<u64>,
    /// Rows of the kind of merchant that is new.
    pub new_merchant_rows: u64,
    /// Rows of the format that is new.
    pub new_format_rows: u64,
    /// Whether a window that ends on this day raised an alarm.
    pub alarm: bool,
    /// What happened on this day, if anything did.
    pub note: Option<String>,
}

/// The rows that were sent back to the teacher, by why they were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RelabelledView {
    /// All of them.
    pub rows: u64,
    /// Chosen because a finding of the monitor covers them.
    pub findings_rows: u64,
    /// Chosen because the adapter was least sure of them.
    pub unsure_rows: u64,
    /// Drawn at random from everything served.
    pub random_rows: u64,
    /// Live agreement with the teacher, estimated from these rows: estimate, low, high, each in 0..=1.
    pub agreement: Option<(f64, f64, f64)>,
}

/// How fast answers come, measured in the process itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ServingView {
    /// Half of the answers to one text take at most so many milliseconds.
    pub p50_ms: f64,
    /// Nine in ten.
    pub p90_ms: f64,
    /// Ninety-nine in a hundred.
    pub p99_ms: f64,
    /// Rows answered in a second, in batches.
    pub rows_per_second: f64,
    /// Threads that answered.
    pub threads: usize,
    /// Answers behind the percentiles.
    pub answers: u64,
}
