//! In which order questions are put, and what is reached after how many minutes.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{ReviewConfig, ReviewRow, reading_words};

/// The minutes at which the curve is told, as long as they last: what people plan by, from a minute to a week.
const TOLD_MINUTES: [u32; 19] = [
    1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1440, 2400,
];

/// Of how many rows of the queue one row of the audit is put between.
const QUEUE_ROWS_PER_AUDIT_ROW: usize = 2;

/// How many minutes a person is expected to take over some texts and one decision.
pub(crate) fn reading_minutes<'a>(texts: impl Iterator<Item = &'a str>, config: &ReviewConfig) -> f64 {
    config.minutes(texts.map(reading_words).sum())
}

/// The most valuable a minute first; ties by id.
pub(crate) fn order(rows: &mut [ReviewRow]) {
    rows.sort_by(|a, b| {
        let by_value = a.queued().most_valuable_first(&b.queued());
        by_value.then_with(|| a.id.cmp(&b.id))
    });
}

/// A question to a person, as its place in the queue depends on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueuedQuestion {
    /// How many calls an answer settles.
    pub calls: usize,
    /// The mean chance of a call to be wrong, in 0..=1.
    pub chance_wrong: f64,
    /// What an answer is worth, as of [`ReviewRow::value`].
    pub value: f64,
    /// How long it is expected to take, in minutes.
    pub minutes: f64,
}

impl QueuedQuestion {
    /// What a minute of looking is worth.
    #[must_use]
    pub fn value_per_minute(&self) -> f64 {
        // A question without words that takes no time by the plan is the first one to answer.
        if self.minutes > 0.0 {
            self.value / self.minutes
        } else {
            self.value / f64::MIN_POSITIVE
        }
    }

    /// The order of the queue, but for questions that are worth as much, which come by rising id.
    #[must_use]
    pub fn most_valuable_first(&self, other: &Self) -> Ordering {
        other.value_per_minute().total_cmp(&self.value_per_minute())
    }
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
    /// Of questions in the order in which they are read.
    #[must_use]
    pub fn of(questions: impl IntoIterator<Item = QueuedQuestion>) -> Self {
        let mut reached = QueuePoint {
            minutes: 0.0,
            questions: 0,
            calls: 0.0,
            value: 0.0,
        };
        let mut curve = Vec::new();
        let mut told = TOLD_MINUTES.iter().map(|&minutes| f64::from(minutes)).peekable();
        for row in questions {
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
        if reached.questions > 0 {
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
    let mut audit = AuditBetween::new(audit);
    for row in queue {
        rows.push(row);
        rows.extend(audit.after_question());
    }
    rows.extend(audit.rest());
    rows
}

/// The rows of an audit as they are put between the questions of a queue that is not in one memory: [`reading_order`].
#[derive(Debug)]
pub struct AuditBetween<I> {
    audit: I,
    read: usize,
}

impl<I: Iterator> AuditBetween<I> {
    /// Rows in the order of the draw, before any question.
    #[must_use]
    pub fn new(audit: impl IntoIterator<IntoIter = I>) -> Self {
        Self {
            audit: audit.into_iter(),
            read: 0,
        }
    }

    /// The row that comes after the next question of the queue, if one does.
    pub fn after_question(&mut self) -> Option<I::Item> {
        self.read += 1;
        match self.read.is_multiple_of(QUEUE_ROWS_PER_AUDIT_ROW) {
            true => self.audit.next(),
            false => None,
        }
    }

    /// The rows that come after the whole queue.
    #[must_use]
    pub fn rest(self) -> I {
        self.audit
    }
}
