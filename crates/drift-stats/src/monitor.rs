//! A reference, a plan, and the count of windows tested so far.

use std::fmt;

use serde::{Deserialize, Serialize};
use task_spec::Served;

use crate::{
    DriftPlan, Finding, Reference, RowProblems, Statistics, Strength,
    discovery::Discovery,
    tally::{Row, Tally, in_fixed_order},
};

/// Compares window after window with one fixed reference.
#[derive(Debug, Clone)]
pub struct Monitor {
    reference: Reference,
    plan: DriftPlan,
    windows_tested: u64,
}

/// Why a window was measured but not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "side", rename_all = "snake_case")]
pub enum TooFew {
    /// The reference has too few rows.
    Reference {
        /// Its rows.
        rows: u64,
        /// The rows that the plan asks for.
        needed: u64,
    },
    /// The window has too few rows.
    Window {
        /// Its rows.
        rows: u64,
        /// The rows that the plan asks for.
        needed: u64,
    },
}

/// What a window showed: an entry of `drift.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowReport {
    /// Its number among the tested windows, from 1; `None` if it was too small to be tested.
    pub window: Option<u64>,
    /// Its rows.
    pub rows: u64,
    /// First and last time of its rows, in seconds since the Unix epoch.
    pub span: Option<(i64, i64)>,
    /// Rows of the reference.
    pub reference_rows: u64,
    /// True if a finding is an alarm.
    pub alarm: bool,
    /// Why it was not tested, if it was not. Then there are no findings, and nothing is spent.
    pub too_few: Option<TooFew>,
    /// The chance of a false alarm that the plan allowed this window.
    pub alpha: f64,
    /// The fewest rows in which a word that the reference never had would have been an alarm; `None` if no
    /// number would. What stays below it can pass unnoticed.
    pub new_word_alarms_from: Option<u64>,
    /// What moved, alarms first, most surprising first.
    pub findings: Vec<Finding>,
    /// How many more there were than the plan reports.
    pub findings_left_out: u64,
    /// The measures.
    pub statistics: Statistics,
    /// Rows that were not quite right.
    pub problems: RowProblems,
    /// Rows answered by an adapter that answered no row of the reference. Changes of labels and confidence
    /// may then be the adapter's and not the world's: build a new reference after each change of adapter.
    pub rows_of_other_adapters: u64,
}

impl Monitor {
    /// A monitor that has tested no window yet.
    #[must_use]
    pub fn new(reference: Reference, plan: DriftPlan) -> Self {
        Self {
            reference,
            plan,
            windows_tested: 0,
        }
    }

    /// Goes on after a restart: `windows_tested` is what [`windows_tested`](Self::windows_tested) said before.
    #[must_use]
    pub fn resume(mut self, windows_tested: u64) -> Self {
        self.windows_tested = windows_tested;
        self
    }

    /// How many windows were tested against this reference.
    #[must_use]
    pub fn windows_tested(&self) -> u64 {
        self.windows_tested
    }

    /// What windows are compared with.
    #[must_use]
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Measures a window and, if it has enough rows, tests it. The order of the rows does not matter.
    pub fn check(&mut self, window: &[Served]) -> WindowReport {
        let config = self.plan.config();
        let rows: Vec<Row<'_>> = in_fixed_order(window).into_iter().map(Row::read).collect();
        let mut tally = Tally::of(&rows);
        tally.problems.repeated_ids = rows
            .windows(2)
            .filter(|pair| pair[0].served.id == pair[1].served.id)
            .count() as u64;
        let statistics = Statistics::measure(&self.reference, &tally, &rows, config);
        let known = self.reference.adapters();
        let others = tally
            .adapters
            .iter()
            .filter(|(adapter, _)| !known.contains_key(*adapter))
            .map(|(_, rows)| rows);
        let mut report = WindowReport {
            window: None,
            rows: tally.rows,
            span: tally.span,
            reference_rows: self.reference.rows(),
            alarm: false,
            too_few: self.too_few(tally.rows),
            alpha: 0.0,
            new_word_alarms_from: None,
            findings: Vec::new(),
            findings_left_out: 0,
            rows_of_other_adapters: others.sum(),
            problems: tally.problems,
            statistics,
        };
        if report.too_few.is_none() {
            self.windows_tested += 1;
            report.window = Some(self.windows_tested);
            report.alpha = config.spending.level(config.alpha, self.windows_tested);
            let discovery = Discovery {
                reference: &self.reference,
                tally: &tally,
                rows: &rows,
                novelty: &report.statistics.novelty,
                plan: &self.plan,
                alpha: report.alpha,
            };
            report.new_word_alarms_from = discovery.rows_for_a_new_word();
            let mut findings = discovery.findings();
            report.alarm = findings.iter().any(|finding| finding.strength == Strength::Alarm);
            report.findings_left_out = findings.len().saturating_sub(config.max_findings) as u64;
            findings.truncate(config.max_findings);
            report.findings = findings;
        }
        report
    }

    fn too_few(&self, window_rows: u64) -> Option<TooFew> {
        let config = self.plan.config();
        let (rows, needed) = (self.reference.rows(), config.min_reference_rows);
        if rows < needed {
            return Some(TooFew::Reference { rows, needed });
        }
        let (rows, needed) = (window_rows, config.min_window_rows);
        (rows < needed).then_some(TooFew::Window { rows, needed })
    }
}

impl fmt::Display for TooFew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, rows, needed) = match self {
            Self::Reference { rows, needed } => ("reference", rows, needed),
            Self::Window { rows, needed } => ("window", rows, needed),
        };
        write!(
            f,
            "too few to tell: the {side} has {rows} rows, the plan asks for {needed}"
        )
    }
}

impl fmt::Display for WindowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.alarm { "ALARM" } else { "no alarm" };
        let (rows, reference) = (self.rows, self.reference_rows);
        match (self.window, self.too_few) {
            (Some(window), _) => {
                write!(
                    f,
                    "window {window}: {verdict}; {rows} rows against {reference}, level {:.1e}",
                    self.alpha
                )?;
            }
            (None, Some(too_few)) => write!(f, "window not tested, {too_few}")?,
            (None, None) => write!(f, "window of {rows} rows, not tested")?,
        }
        if let Some(least) = self.new_word_alarms_from {
            write!(f, "\n  a word never seen before is an alarm from {least} rows")?;
        }
        let statistics = &self.statistics;
        for (name, distances) in [
            ("labels", &statistics.labels),
            ("words", &statistics.words),
            ("formats", &statistics.skeletons),
        ] {
            let (js, psi) = (&distances.jensen_shannon, &distances.population_stability_index);
            write!(f, "\n  {name}: Jensen-Shannon {:.4} nats", js.value)?;
            if let Some(no_drift) = js.no_drift {
                write!(
                    f,
                    " ({:.4} without drift, p {:.3})",
                    no_drift.mean, no_drift.p_value
                )?;
            }
            write!(f, ", PSI {:.4}", psi.value)?;
            if let Some(no_drift) = psi.no_drift {
                write!(f, " ({:.4} without drift)", no_drift.mean)?;
            }
        }
        let novelty = &statistics.novelty;
        write!(
            f,
            "\n  rows with unfamiliar words: {:.2}% ({:.2}% without drift)",
            100.0 * novelty.unfamiliar_rows.share,
            100.0 * novelty.unfamiliar_rows_expected.share
        )?;
        for (name, shift) in [
            ("confidence", statistics.confidence),
            ("outside", statistics.outside),
        ] {
            if let Some(shift) = shift {
                write!(
                    f,
                    "\n  mean {name}: {:.4}, before {:.4}",
                    shift.window, shift.reference
                )?;
                write!(f, " (change {:.4} to {:.4})", shift.low, shift.high)?;
            }
        }
        if self.rows_of_other_adapters > 0 {
            write!(
                f,
                "\n  {} rows are of an adapter that the reference does not know",
                self.rows_of_other_adapters
            )?;
        }
        if !self.problems.is_empty() {
            write!(f, "\n  rows that were not quite right: {:?}", self.problems)?;
        }
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        if self.findings_left_out > 0 {
            write!(f, "\n{} more findings", self.findings_left_out)?;
        }
        Ok(())
    }
}
