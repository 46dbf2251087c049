//! A standing in sentences.

use crate::{
    BestSoFar, Place, Standing,
    figures::{count, counted, one_line, p_value, percent, points, points_range},
};

impl Standing {
    /// What the Ladder releases, in a sentence: what may be told to whoever makes the next candidate, for nothing more
    /// of these rows can be learnt from it than which candidate was better.
    #[must_use]
    pub fn released_in_words(&self) -> String {
        let place = match self.place {
            Place::First => "The first candidate that can be compared",
            Place::Better => "Better than the best so far",
            Place::StillBest => "The best so far",
            Place::NoBetter => "No better than the best so far",
        };
        format!("{place}. The score to quote is {}.", percent(self.released))
    }

    /// What the Ladder says, in one or two sentences with the score to quote.
    pub(crate) fn in_words(&self) -> String {
        let quote = format!("The score to quote is {}.", percent(self.released));
        match (self.place, &self.best) {
            (Place::StillBest, Some(best)) => format!(
                "These answers are the best so far; they were judged before ({}). {quote}",
                one_line(&best.at, 60)
            ),
            (Place::Better, Some(best)) => {
                format!("Better than the best so far, {}. {quote}", self.against(best))
            }
            (Place::NoBetter, Some(best)) => {
                format!("No better than the best so far, {}. {quote}", self.against(best))
            }
            _ if self.candidates > 1 => format!(
                "The history holds no rows of the candidates before it, so this is the first that others can be \
                 compared with. {quote}"
            ),
            _ => format!("No other candidate was judged by this gold set before. {quote}"),
        }
    }

    /// Where it stands, in a few words.
    pub(crate) fn in_short(&self) -> String {
        let of = match self.place {
            Place::First => "the first to be compared of",
            Place::Better => "better than the best of",
            Place::StillBest => "the best of",
            Place::NoBetter => "no better than the best of",
        };
        format!("{of} {} so far", counted(self.candidates, "candidate"))
    }

    fn against(&self, best: &BestSoFar) -> String {
        let step = self.step.map_or_else(
            || "the two differ on too few rows for any gain to be enough".to_owned(),
            |step| format!("the step is {} points", size(step)),
        );
        let name = format!(
            "{} with {}",
            one_line(&best.predictor, 80),
            percent(best.accuracy)
        );
        match &best.comparison {
            None => format!("{name}; {step}"),
            Some(comparison) => format!(
                "{name}: {} points, {} gained and {} lost; {step}",
                points(comparison.difference),
                counted(comparison.counts.gains, "row"),
                count(comparison.counts.losses)
            ),
        }
    }

    /// What so many looks make of the evidence, a sentence or two for each thing to know.
    pub(crate) fn notes(&self, looks_before: u64) -> Vec<String> {
        let mut notes = Vec::new();
        if looks_before == 0 {
            notes.push("This is the first look at this version of the gold set.".to_owned());
        } else {
            notes.push(format!(
                "This is look {} at this version of the gold set, and {}. {}",
                count(looks_before + 1),
                match self.judged_before {
                    true => format!(
                        "no new candidate: it has judged {}",
                        counted(self.candidates, "candidate")
                    ),
                    false => format!("candidate {}", count(self.candidates)),
                },
                self.in_words()
            ));
        }
        if self.candidates > 1 {
            notes.push(self.after_looks());
        }
        if self.compared < self.candidates {
            notes.push(format!(
                "The history holds no rows of {}: they are counted, and the Ladder could not compare them.",
                counted(self.candidates - self.compared, "earlier candidate")
            ));
        }
        if self.looks_at_others > 0 {
            notes.push(format!(
                "The history has {} at other versions of the gold set, counted apart. Rows that this version shares \
                 with those are as worn as before; only rows that are new are fresh.",
                counted(self.looks_at_others, "look")
            ));
        }
        notes
    }

    fn after_looks(&self) -> String {
        let after = &self.after_looks;
        let p_better = match after.p_better {
            p if p < 1.0 => p_value(p),
            _ => "1, which is no evidence at all".to_owned(),
        };
        format!(
            "Picked as the best of {} candidates: its one-sided p-value of “better than the baseline” times as many is \
             {p_better}, and the interval of the difference at that confidence for all of them {} (Bonferroni). The best \
             of so many equal candidates looks up to {} points too good by luck alone. This holds if none was made by \
             looking at these rows; whoever tunes on them has tried more candidates than are counted.",
            count(after.candidates),
            points_range(after.interval),
            size(after.luck)
        )
    }
}

/// A share of the rows in points, without a sign.
fn size(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
