//! In which order questions are put, and what is reached after how many minutes.

use serde::{Deserialize, Serialize};

use super::{ReviewConfig, ReviewRow};

/// After how many characters a piece of text between white space counts as another word: links, and languages that
/// are written without spaces, take time too.
const CHARS_PER_WORD: usize = 12;

/// The minutes at which the curve is told, as long as they last: what people plan by, from a minute to a week.
const TOLD_MINUTES: [u32; 19] = [
    1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1440, 2400,
];

/// Of how many rows of the queue one row of the audit is put between.
const QUEUE_ROWS_PER_AUDIT_ROW: usize = 2;

/// How many minutes a person is expected to take over some texts and one decision.
pub(crate) fn reading_minutes<'a>(texts: impl Iterator<Item = &'a str>, config: &ReviewConfig) -> f64 {
    let pieces = texts.flat_map(str::split_whitespace);
    let words: usize = pieces
        .map(|piece| piece.chars().count().div_ceil(CHARS_PER_WORD))
        .sum();
    words as f64 / config.words_per_minute + config.seconds_per_question / 60.0
}

/// The most valuable a minute first; ties by id.
pub(crate) fn order(rows: &mut [ReviewRow]) {
    rows.sort_by(|a, b| {
        b.value_per_minute()
            .total_cmp(&a.value_per_minute())
            .then_with(|| a.id.cmp(&b.id))
    });
}

/// What a review is expected to take and to bring.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct QueueRecord {
    /// Questions, as `review.jsonl` has them.
    pub questions: usize,
    /// Minutes that they are expected to take.
    pub minutes: f64,
    /// Calls behind them that are expected to be wrong, by the rules' own chances until answers have corrected those. Wrong calls behind rows that are kept are not among them: the
    /// audit tells of those.
    pub wrong_calls: f64,
    /// What is reached from the top after so many minutes, at no more than 20 points; the last one is the end.
    pub curve: Vec<QueuePoint>,
}

/// What is reached after some minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueuePoint {
    /// Minutes from the beginning.
    pub minutes: f64,
    /// Questions answered by then.
    pub questions: usize,
    /// The expected number of wrong calls that they put right.
    pub calls: f64,
    /// The same times what each confusion costs.
    pub value: f64,
}

impl QueueRecord {
    /// Of rows in the order in which they are read.
    pub(crate) fn of(rows: &[ReviewRow]) -> Self {
        let mut reached = QueuePoint {
            minutes: 0.0,
            questions: 0,
            calls: 0.0,
            value: 0.0,
        };
        let mut curve = Vec::new();
        let mut told = TOLD_MINUTES.iter().map(|&minutes| f64::from(minutes)).peekable();
        for row in rows {
            let end = reached.minutes + row.minutes;
            while let Some(minutes) = told.next_if(|&minutes| minutes < end) {
                curve.push(QueuePoint { minutes, ..reached });
            }
            reached = QueuePoint {
                minutes: end,
                questions: reached.questions + 1,
                calls: reached.calls + row.chance_wrong * row.calls as f64,
                value: reached.value + row.value,
            };
        }
        if !rows.is_empty() {
            curve.push(reached);
        }
        Self {
            questions: reached.questions,
            minutes: reached.minutes,
            wrong_calls: reached.calls,
            curve,
        }
    }
}

/// Questions in the order in which a person reads them: after every two of the queue one of the audit, until either
/// ends.
///
/// An audit that came last would never be read, one that came first would keep a person from what is most valuable.
/// Both keep their own order, and that of the audit is random, so that whoever stops early has still read a random sample.
#[must_use]
pub fn reading_order<'a>(queue: &'a [ReviewRow], audit: &'a [ReviewRow]) -> Vec<&'a ReviewRow> {
    let mut rows = Vec::with_capacity(queue.len() + audit.len());
    let mut audit = audit.iter();
    for some in queue.chunks(QUEUE_ROWS_PER_AUDIT_ROW) {
        rows.extend(some);
        rows.extend(audit.next());
    }
    rows.extend(audit);
    rows
}
