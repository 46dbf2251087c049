//! Where a candidate stands among all that this gold set has judged, and what so many looks make of its evidence.

mod words;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;

use crate::{
    Climb, Comparison, History, Interval, Ladder, LadderStep, Look, RightRows, Share,
    paired_difference_interval,
};

/// A candidate among the candidates of a history.
///
/// Candidates are counted by their answers: the same answers judged again are no new one. Looks at another version
/// of the gold set are other evidence and are counted apart, so that a new version begins at one again; it is fresh as
/// far as its rows are.
///
/// The Ladder protects the score that it releases, against whoever sees only that. A report shows more, down to single
/// rows, so that people can act on it; who tunes on what they see there learns the gold set, and no count knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// By how much a candidate has to be better than the best so far.
    pub ladder: LadderStep,
    /// Where the candidate stands.
    pub place: Place,
    /// The score to quote, in 0..1: that of the best so far, this candidate included. Not the candidate's own where
    /// it is no better by the step.
    pub released: f64,
    /// The step that it had to take, as a share of the rows; `None` for the first, and where the two models differ
    /// on too few rows for any gain to be enough.
    pub step: Option<f64>,
    /// The best before it; `None` for the first.
    pub best: Option<BestSoFar>,
    /// Different candidates that this gold set has judged, this one included; at least 1.
    pub candidates: u64,
    /// Whether these very answers were judged before.
    pub judged_before: bool,
    /// Those of them that the Ladder has taken, this one included: a history written by an earlier version does not
    /// hold the rows of its candidates, who are counted and cannot be compared.
    pub compared: u64,
    /// Looks at other versions of the gold set, or at other gold sets, in the same history.
    pub looks_at_others: u64,
    /// What the evidence is worth if the best of these candidates is picked.
    pub after_looks: AfterLooks,
}

/// Where a candidate stands on the [`Ladder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// No candidate was there before that it could be compared with.
    First,
    /// Better than the best before it, by the step.
    Better,
    /// It is the best so far: these answers took the step when they were judged first.
    StillBest,
    /// Not better than the best so far by the step.
    NoBetter,
}

/// The best candidate before this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BestSoFar {
    /// Its name.
    pub predictor: String,
    /// When it was judged first, as the caller wrote it.
    pub at: String,
    /// The content hash of its answers.
    pub answers_hash: ContentHash,
    /// Its accuracy, in 0..1.
    pub accuracy: f64,
    /// This candidate against it, where the history holds its rows.
    pub comparison: Option<Comparison>,
}

/// The candidate against the baseline, if it is picked as the best of `candidates`.
///
/// Bonferroni: holds however alike the candidates are, as long as none of them was made by looking at these rows or
/// at what reports say of them. Who does that has tried more candidates than are counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AfterLooks {
    /// The number of candidates, at least 1.
    pub candidates: u64,
    /// The one-sided mid-p value of "better than the baseline", times `candidates`; at most 1.
    pub p_better: f64,
    /// The interval of the difference at a confidence of `1 - (1 - c) / candidates`: with probability `c` all of their
    /// intervals hold at once.
    pub interval: Interval,
    /// How much too good the best of so many equally good candidates looks by luck, at most and on average: the
    /// standard error of the accuracy times `sqrt(2 ln candidates)`, the bound of the largest of so many normal
    /// variables. A share of the rows.
    pub luck: f64,
}

/// What is known of a candidate whose standing is asked, whatever the task's kind.
pub(crate) struct Judged<'a> {
    /// The content hash of the gold set.
    pub(crate) gold_hash: &'a ContentHash,
    /// The content hash of the candidate's answers.
    pub(crate) answers_hash: &'a ContentHash,
    /// The rows that it has right.
    pub(crate) right: &'a RightRows,
    /// The share of them.
    pub(crate) accuracy: Share,
    /// The candidate against the baseline.
    pub(crate) comparison: &'a Comparison,
    /// The two-sided confidence of intervals.
    pub(crate) confidence: f64,
}

/// An earlier look at the same gold set holds more or fewer rows than the set has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the look of {at} at answers {} holds {found} rows of a gold set that has {expected}: the history was edited; restore it",
    answers.short()
)]
pub struct LookDiffers {
    /// When the look was, as its caller wrote it.
    pub at: String,
    /// The content hash of its answers.
    pub answers: ContentHash,
    /// The rows of the gold set.
    pub expected: u64,
    /// The rows of the look.
    pub found: u64,
}

impl Standing {
    /// Replays the looks at this gold set in their order, and puts the candidate after them.
    pub(crate) fn of(
        history: &History,
        candidate: &Judged<'_>,
        step: LadderStep,
    ) -> Result<Self, LookDiffers> {
        let at_this = |look: &&Look| look.gold_hash == *candidate.gold_hash;
        let mut replay = Replay::new(step);
        for look in history.looks().iter().filter(at_this) {
            replay.take(look, candidate.right.rows())?;
        }
        let best = replay.best.map(|look| BestSoFar::of(look, candidate));
        let is_best = best
            .as_ref()
            .is_some_and(|best| best.answers_hash == *candidate.answers_hash);
        let judged_before = !replay.counted.insert(candidate.answers_hash);
        let is_new = replay.compared.insert(candidate.answers_hash);
        let (candidates, compared) = (replay.counted.len() as u64, replay.compared.len() as u64);
        let rung = is_new.then(|| {
            let rung = replay.ladder.submit(candidate.right);
            rung.expect("looks at another number of rows than the candidate's are refused before")
        });
        // Answers that were compared before are not tried again: they stand where the looks since have left them.
        let counts = best
            .as_ref()
            .and_then(|best| Some(best.comparison.as_ref()?.counts));
        let (place, step_taken) = match rung {
            Some(rung) => (rung.climb.into(), rung.step),
            None if is_best => (Place::StillBest, None),
            None => (
                Place::NoBetter,
                counts.and_then(|counts| step.size(&counts, compared - 1)),
            ),
        };
        Ok(Self {
            ladder: step,
            place,
            released: replay.ladder.released().unwrap_or(candidate.accuracy.value),
            step: step_taken,
            best,
            candidates,
            compared,
            judged_before,
            looks_at_others: history.looks().iter().filter(|look| !at_this(look)).count() as u64,
            after_looks: AfterLooks::of(candidate, candidates),
        })
    }

    /// Which comparison of the Ladder this candidate's is, counted from 1.
    pub(crate) fn comparison(&self) -> u64 {
        self.compared.saturating_sub(1).max(1)
    }
}

impl From<Climb> for Place {
    fn from(climb: Climb) -> Self {
        match climb {
            Climb::First => Self::First,
            Climb::Better => Self::Better,
            Climb::NoBetter => Self::NoBetter,
        }
    }
}

impl BestSoFar {
    fn of(look: &Look, candidate: &Judged<'_>) -> Self {
        let counts = (look.right.as_ref()).and_then(|best| candidate.right.against(best).ok());
        Self {
            predictor: look.predictor.clone(),
            at: look.at.clone(),
            answers_hash: look.answers_hash.clone(),
            accuracy: look.accuracy,
            comparison: counts.map(|counts| Comparison::new(&look.predictor, counts, candidate.confidence)),
        }
    }
}

impl AfterLooks {
    fn of(candidate: &Judged<'_>, candidates: u64) -> Self {
        let (many, comparison) = (candidates as f64, candidate.comparison);
        let accuracy = candidate.accuracy;
        let variance = accuracy.value * (1.0 - accuracy.value) / accuracy.of as f64;
        Self {
            candidates,
            p_better: (many * comparison.p_better).min(1.0),
            interval: paired_difference_interval(
                &comparison.counts,
                1.0 - (1.0 - candidate.confidence) / many,
            ),
            luck: (2.0 * many.ln() * variance).sqrt(),
        }
    }
}

/// The Ladder as the looks of a history have climbed it.
struct Replay<'a> {
    ladder: Ladder,
    best: Option<&'a Look>,
    /// Candidates by their answers.
    counted: HashSet<&'a ContentHash>,
    /// Those of them that the Ladder has taken.
    compared: HashSet<&'a ContentHash>,
}

impl<'a> Replay<'a> {
    fn new(step: LadderStep) -> Self {
        Self {
            ladder: Ladder::new(step),
            best: None,
            counted: HashSet::new(),
            compared: HashSet::new(),
        }
    }

    fn take(&mut self, look: &'a Look, rows: u64) -> Result<(), LookDiffers> {
        self.counted.insert(&look.answers_hash);
        if self.compared.contains(&look.answers_hash) {
            return Ok(());
        }
        let differs = |found| LookDiffers {
            at: look.at.clone(),
            answers: look.answers_hash.clone(),
            expected: rows,
            found,
        };
        let rung = match &look.right {
            Some(right) if right.rows() != rows => return Err(differs(right.rows())),
            Some(right) => Some(self.ladder.submit(right).map_err(|rows| differs(rows.found))?),
            None => self.ladder.submit_accuracy(look.accuracy),
        };
        let Some(rung) = rung else { return Ok(()) };
        self.compared.insert(&look.answers_hash);
        if rung.climb != Climb::NoBetter {
            self.best = Some(look);
        }
        Ok(())
    }
}
