//! A gate on simulated answers: how often it would ship, hold, or not tell.

use std::collections::BTreeMap;

use crate::{
    Comparison, Finding, Gate, GoldSet, Leakage, PartKind, RightRows, RowsDiffer, Share, Verdict,
    categories::{Answered, category_table, visible_drops},
    evidence::{Evidence, Given},
    part::Part,
};

/// The rules of a gate on one gold set, for many pairs of models of which only is known which rows they have right.
///
/// It decides as [`judge`](crate::judge) does, by the same code, and leaves out what a report shows besides: some
/// thousand pairs take a second. So a team can ask, before anything is trained, how often its gate with its gold set
/// would ship a model that is two points better, or one that lost a category. The example `simulate` asks that.
///
/// Rules on earlier looks cannot tell here, for there is no history.
#[derive(Debug)]
pub struct Trials<'a> {
    gold: &'a GoldSet,
    gate: &'a Gate,
    visible: BTreeMap<u64, Option<f64>>,
    without_rows: Vec<String>,
}

/// What the gate says of a simulated pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// Each rule of the gate with its outcome and evidence.
    pub rules: Vec<Finding>,
}

impl<'a> Trials<'a> {
    /// The gate before this gold set.
    #[must_use]
    pub fn new(gold: &'a GoldSet, gate: &'a Gate) -> Self {
        let empty = gold.lock().parts.iter().filter(|(_, rows)| **rows == 0);
        Self {
            gold,
            gate,
            visible: visible_drops(gold.truth(), gold.labels().len(), gate.category_alpha()),
            without_rows: empty.map(|(label, _)| label.clone()).collect(),
        }
    }

    /// What the gate says of a candidate and a baseline that have these rows right, in the order of the gold set.
    ///
    /// # Errors
    ///
    /// [`RowsDiffer`] if there are more or fewer of either than gold rows.
    pub fn decide(&self, baseline: &RightRows, candidate: &RightRows) -> Result<Decision, RowsDiffer> {
        let (gold, confidence) = (self.gold, self.gate.confidence());
        let counts = candidate.against(baseline)?;
        let all = gold.lock().rows;
        let found = candidate.rows();
        // A frozen set has rows, so there is a share of them.
        let accuracy = Share::new(candidate.right(), all, confidence).filter(|_| found == all);
        let Some(accuracy) = accuracy else {
            return Err(RowsDiffer { expected: all, found });
        };
        // A wrong answer is as wrong outside the task as within: the rules look at what is right.
        let answers = |right: &RightRows| -> Vec<Option<usize>> {
            right
                .iter()
                .zip(gold.truth())
                .map(|(right, &truth)| right.then_some(truth))
                .collect()
        };
        let answered = Answered {
            truth: gold.truth(),
            candidate: &answers(candidate),
            baseline: &answers(baseline),
            shipped: None,
        };
        let categories: Vec<Part> = category_table(&answered, gold.labels(), confidence, &self.visible)
            .iter()
            .map(Part::from)
            .collect();
        let evidence = Evidence {
            kind: PartKind::Category,
            confidence,
            accuracy,
            comparison: &Comparison::new("baseline", counts, confidence),
            categories: &categories,
            without_rows: &self.without_rows,
            standing: None,
            given: Given::default(),
        };
        let rules: Vec<Finding> = self
            .gate
            .rules()
            .iter()
            .map(|rule| evidence.judge(rule))
            .collect();
        let verdict = Verdict::of(&rules, &Leakage::NotCertified { computed: None });
        Ok(Decision { verdict, rules })
    }
}
