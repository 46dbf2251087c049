//! The page that the story leaves.

use drift_stats::{Balance, RelabelReason};
use run_page::{DayView, GenerationView, RelabelledView, RunPage, ServingView};
use transactions::LiveRow;

use crate::{
    learn::Generation,
    month::{Played, chosen_for},
    serve::Serving,
};

/// What the page shows.
pub(crate) struct Story<'a> {
    pub(crate) generations: [&'a Generation; 2],
    pub(crate) days: &'a [Vec<LiveRow>],
    pub(crate) played: &'a Played,
    /// Right answers of the second model, from the day after the retraining.
    pub(crate) right_second: &'a [u64],
    pub(crate) retrain_day: usize,
    pub(crate) serving: &'a Serving,
    pub(crate) balance: &'a Balance,
    pub(crate) stages: &'a [(String, f64)],
}

/// The files of a run, by what a reader would look for.
const FILES: &[(&str, &str)] = &[
    ("task.toml", "the task"),
    ("teacher.jsonl", "the teacher's log (generated)"),
    ("gold/gold.jsonl", "the gold set"),
    ("gold/gold.lock", "its lock"),
    ("gold/baseline.json", "the teacher's pinned answers"),
    ("data/train.jsonl", "rows to train on"),
    ("data/review.jsonl", "rows for a person"),
    ("data/rejected.jsonl", "rows that went, each with its reason"),
    ("data/quarantine.jsonl", "damaged lines"),
    ("data/manifest.json", "ledger, hashes, leakage certificate"),
    ("training.jsonl", "events of the training"),
    ("adapter/adapter_config.json", "the adapter, in the PEFT format"),
    ("adapter/training.json", "its lineage"),
    ("verdict/report.html", "the verdict on the first model"),
    ("history.jsonl", "every look at the gold set"),
    ("month/served.jsonl", "what was asked and answered"),
    ("month/drift.json", "one report a day"),
    ("month/relabel.jsonl", "rows for the teacher"),
    ("second/verdict/report.html", "the verdict on the second model"),
    ("second/adapter/training.json", "lineage of the second adapter"),
    ("money.json", "three ways to serve, weighed"),
    ("summary.json", "the figures of this run"),
];

impl Story<'_> {
    /// The page as HTML.
    pub(crate) fn render(&self) -> String {
        let curves = self.generations.map(|generation| {
            let lineage = &generation.lineage;
            let loss: Vec<(usize, f64)> = lineage.curve.iter().map(|r| (r.step, r.loss)).collect();
            let held_out: Vec<(usize, f64)> =
                lineage.held_out_curve.iter().map(|r| (r.step, r.loss)).collect();
            (loss, held_out)
        });
        let views: Vec<GenerationView<'_>> = self
            .generations
            .iter()
            .zip(["First model", "After the drift"])
            .zip(&curves)
            .filter_map(|((generation, name), (loss, held_out))| {
                Some(GenerationView {
                    name,
                    manifest: &generation.manifest,
                    loss,
                    held_out,
                    report: generation.report.as_ref()?,
                    seconds: generation.lineage.seconds,
                    trained_parameters: generation.lineage.parameters,
                    peak_memory_bytes: generation.lineage.peak_memory_bytes,
                })
            })
            .collect();
        let days = self.days();
        let files: Vec<(String, String)> = FILES
            .iter()
            .map(|(path, what)| ((*path).to_owned(), (*what).to_owned()))
            .collect();
        let relabelled = &self.played.relabelled;
        run_page::render(&RunPage {
            title: "Card transactions, sorted by a model of your own",
            generated: true,
            generations: &views,
            days: &days,
            windows: &self.played.windows,
            relabelled: Some(RelabelledView {
                rows: relabelled.len() as u64,
                findings_rows: chosen_for(relabelled, RelabelReason::Finding),
                unsure_rows: chosen_for(relabelled, RelabelReason::LeastConfident),
                random_rows: chosen_for(relabelled, RelabelReason::Random),
                agreement: self.played.agreement.map(|estimate| {
                    let share = estimate.agreement;
                    (share.share, share.low, share.high)
                }),
            }),
            serving: ServingView {
                p50_ms: self.serving.single.p50_ms,
                p90_ms: self.serving.single.p90_ms,
                p99_ms: self.serving.single.p99_ms,
                rows_per_second: self.serving.rows_per_second,
                threads: self.serving.threads,
                answers: self.days.iter().map(Vec::len).sum::<usize>() as u64,
            },
            balance: Some(self.balance),
            stages: self.stages,
            files: &files,
        })
    }

    fn days(&self) -> Vec<DayView> {
        let alarms = |day: usize| {
            // The reports begin after the reference days.
            let first = self.days.len().min(self.retrain_day) - self.played.windows.len();
            day.checked_sub(first)
                .and_then(|window| self.played.windows.get(window))
                .is_some_and(|w| w.alarm)
        };
        self.days
            .iter()
            .enumerate()
            .map(|(index, rows)| DayView {
                day: index as u32 + 1,
                date: format!("2026-06-{:02}", index + 1),
                rows: rows.len() as u64,
                right_first: self.played.right[index],
                right_second: index
                    .checked_sub(self.retrain_day)
                    .map(|day| self.right_second[day]),
                new_merchant_rows: rows.iter().filter(|row| row.new_merchant).count() as u64,
                new_format_rows: rows.iter().filter(|row| row.new_format).count() as u64,
                alarm: alarms(index),
                note: (index == self.retrain_day).then(|| "the second model takes over".to_owned()),
            })
            .collect()
    }
}
