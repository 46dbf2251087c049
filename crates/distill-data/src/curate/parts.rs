//! Rows that could be trained on and are kept from it: parts of a split, and what is more than a class may have.

use std::collections::BTreeMap;

use super::CurateInput;
use crate::{
    ClassLimitsRecord, CuratePlan, Curated, LogFile, OVER_CLASS_CAP, SplitBy, SplitRow, TrainRow,
    class_limits::{rows_of_label, take_over_cap},
    split,
};

/// Splits the rows, caps the classes of those that are left to train on, and sets the account right.
///
/// In this order, so that what is held out has the labels of the log in their shares.
pub(super) fn set_apart(curated: &mut Curated, input: &CurateInput<'_>, plan: &CuratePlan) {
    if let Some(split_plan) = plan.split() {
        let mut rows: Vec<SplitRow> = curated
            .train
            .iter()
            .map(|row| SplitRow::of(&row.example, split_plan.config().group))
            .collect();
        let times = match split_plan.config().by {
            SplitBy::LogOrder => places(&curated.train, input.logs),
            SplitBy::Time => curated.train.iter().map(first_call).collect(),
            SplitBy::Cluster | SplitBy::Group => vec![None; rows.len()],
        };
        for (row, time) in rows.iter_mut().zip(times) {
            row.time = time;
        }
        let split = split(&rows, split_plan);
        let mut parts: Vec<Vec<TrainRow>> = vec![Vec::new(); split_plan.config().parts.len() + 1];
        for (row, &part) in std::mem::take(&mut curated.train).into_iter().zip(&split.part_of) {
            parts[part].push(row);
        }
        let mut parts = parts.into_iter();
        curated.train = parts.next().unwrap_or_default();
        let names = split_plan.config().parts.iter().map(|part| part.name.clone());
        curated.set_apart.extend(names.zip(parts));
        curated.manifest.split = Some(split.report);
    }
    let config = plan.config();
    let mut over_cap = BTreeMap::new();
    if let Some(cap) = config.class_cap {
        let rows = take_over_cap(&mut curated.train, cap);
        over_cap = rows_of_label(&rows);
        curated.set_apart.insert(OVER_CLASS_CAP.to_owned(), rows);
    }
    curated.manifest.class_limits = ClassLimitsRecord::of(
        (config.class_cap, config.class_floor),
        input.task.labels().names(),
        over_cap,
        &rows_of_label(&curated.train),
    );
    set_account_right(curated);
}

/// When the first call of a row was made, in milliseconds.
fn first_call(row: &TrainRow) -> Option<u64> {
    u64::try_from(row.first_call?.unix_ms()).ok()
}

/// Where in the logs the call that each row keeps is, as a number that rises.
fn places(rows: &[TrainRow], logs: &[LogFile]) -> Vec<Option<u64>> {
    let mut seen: Vec<(usize, u64, usize)> = rows
        .iter()
        .enumerate()
        .filter_map(|(index, row)| {
            let source = row.example.source.as_ref()?;
            let log = logs.iter().position(|log| log.name() == source.file)?;
            Some((log, source.line, index))
        })
        .collect();
    seen.sort_unstable();
    let mut times = vec![None; rows.len()];
    for (time, moment) in (0..).zip(seen.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))) {
        moment.iter().for_each(|&(_, _, row)| times[row] = Some(time));
    }
    times
}

/// The ledger and the labels count what is in the files.
fn set_account_right(curated: &mut Curated) {
    let calls = |rows: &[TrainRow]| rows.iter().map(|row| row.calls as u64).sum::<u64>();
    let ledger = &mut curated.manifest.ledger;
    ledger.train = curated.train.len() as u64;
    ledger.calls_in_train = calls(&curated.train);
    let set_apart = curated.set_apart.iter();
    ledger.set_apart = set_apart
        .map(|(name, rows)| (name.clone(), rows.len() as u64))
        .collect();
    ledger.calls_set_apart = curated.set_apart.values().map(|rows| calls(rows)).sum();
    let count = |rows: &[TrainRow], label: &str| {
        let of_label = rows.iter().filter(|row| row.example.answer() == Some(label));
        of_label.count() as u64
    };
    for record in &mut curated.manifest.labels {
        record.train = count(&curated.train, &record.label);
        let set_apart = curated.set_apart.values();
        record.set_apart = set_apart.map(|rows| count(rows, &record.label)).sum();
    }
}
