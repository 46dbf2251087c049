//! An audit drawn from rows that are not all in one memory.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    AuditConfig, AuditRecord, RareEstimate, Reading,
    draw::{CallDraws, Candidate, DrawSize, RowDraws, number, reading_order},
};

/// So many rows are looked at together, by all threads.
const BLOCK: usize = 4096;

/// The kept rows of a label, and the calls that they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptRows {
    /// How many rows.
    pub rows: u64,
    /// The calls of all of them.
    pub calls: u64,
    /// Those of the row that has fewest.
    pub least: u64,
    /// Those of the row that has most.
    pub most: u64,
}

impl KeptRows {
    /// One row of so many calls.
    #[must_use]
    pub fn one(calls: u64) -> Self {
        Self {
            rows: 1,
            calls,
            least: calls,
            most: calls,
        }
    }

    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.calls += other.calls;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }
}

/// What an audit has to know of the rows that are kept on the teacher's word before it draws from them: the first of two
/// readings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditCounts {
    of_label: BTreeMap<usize, KeptRows>,
}

/// The draw of an audit, as [`curate`](crate::curate) makes it: the second reading of the rows.
///
/// What is remembered is what is drawn so far: four times [`AuditConfig::most`] rows at most.
///
/// ```
/// use distill_data::{AuditConfig, AuditCounts, KeptRows};
///
/// let rows: Vec<(String, u64)> = (0..500).map(|n| (format!("{n:03}"), 1 + n % 3)).collect();
/// let mut counts = AuditCounts::default();
/// rows.iter().for_each(|&(_, calls)| counts.add(0, KeptRows::one(calls)));
/// let mut draw = counts.draw(&AuditConfig::default());
/// rows.iter().for_each(|(id, calls)| draw.push(id, 0, *calls as usize));
/// // A person has read two of them, of which one was wrong.
/// let answers = |id: &str| ["001", "002"].contains(&id).then_some(id == "002");
/// let audit = draw.finish(|label| format!("label {label}"), |id, _| answers(id)).expect("there are rows");
/// assert_eq!(audit.record.all.by_rows.drawn, 60);
/// assert_eq!(audit.unread.len() + audit.record.answered, audit.record.drawn);
/// ```
#[derive(Debug)]
pub struct AuditDraw {
    seed: u64,
    all: Draws,
    rare: Draws,
    /// Rare labels and their rows.
    rare_labels: BTreeMap<usize, usize>,
    /// Rows that no draw has looked at.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    id: String,
    label: usize,
    calls: usize,
}

/// What an audit has drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnAudit {
    /// Ids of the drawn rows that nobody has answered, in the order in which they are to be read.
    pub unread: Vec<String>,
    /// The account, without the minutes that they are expected to take.
    pub record: AuditRecord,
}

impl AuditCounts {
    /// Counts rows of a label, by the label's number.
    pub fn add(&mut self, label: usize, rows: KeptRows) {
        self.of_label
            .entry(label)
            .and_modify(|sum| sum.add(rows))
            .or_insert(rows);
    }

    /// All rows are counted: begins the second reading.
    #[must_use]
    pub fn draw(&self, config: &AuditConfig) -> AuditDraw {
        let is_rare = |rows: &KeptRows| (rows.rows as usize) < config.rare_below;
        let rare = self.of_label.iter().filter(|(_, rows)| is_rare(rows));
        AuditDraw {
            seed: config.seed,
            all: Draws::of(self.of_label.values(), config, config.least),
            rare: Draws::of(rare.clone().map(|(_, rows)| rows), config, config.least_rare),
            rare_labels: rare.map(|(&label, rows)| (label, rows.rows as usize)).collect(),
            waiting: Vec::new(),
        }
    }
}

impl AuditDraw {
    /// Takes the next row, with the number of its label and the calls that it stands for. Rows come by rising id.
    pub fn push(&mut self, id: &str, label: usize, calls: usize) {
        self.waiting.push(Waiting {
            id: id.to_owned(),
            label,
            calls,
        });
        if self.waiting.len() == BLOCK {
            self.look();
        }
    }

    fn look(&mut self) {
        let seed = self.seed;
        let waiting = std::mem::take(&mut self.waiting);
        let candidates: Vec<Candidate> = waiting
            .into_par_iter()
            .map(|row| Candidate {
                number: number(&row.id, seed),
                id: row.id,
                label: row.label,
                calls: row.calls,
            })
            .collect();
        let all: Vec<&Candidate> = candidates.iter().collect();
        self.all.push(&all);
        let is_rare = |row: &&&Candidate| self.rare_labels.contains_key(&row.label);
        let rare: Vec<&Candidate> = all.iter().filter(is_rare).copied().collect();
        self.rare.push(&rare);
    }

    /// All rows have been seen. `is_wrong` says of a row, by its id and label, whether a person has found the label wrong; `None`
    /// if nobody has read the row. `None` if nothing is drawn.
    #[must_use]
    pub fn finish(
        mut self,
        label_name: impl Fn(usize) -> String,
        is_wrong: impl Fn(&str, usize) -> Option<bool>,
    ) -> Option<DrawnAudit> {
        self.look();
        let mut drawn = Drawn::default();
        let [all, rare] = [self.all, self.rare].map(|draws| draws.finish(&mut drawn));
        let lists = [&all.rows, &all.calls, &rare.rows, &rare.calls];
        let order = reading_order(&lists.map(Vec::as_slice));
        if order.is_empty() {
            return None;
        }
        let verdicts = drawn.rows.iter().map(|row| is_wrong(&row.id, row.label));
        let reading = Reading::of(verdicts.collect(), &order);
        let rare = (!self.rare_labels.is_empty()).then(|| RareEstimate {
            labels: self
                .rare_labels
                .iter()
                .map(|(&label, &rows)| (label_name(label), rows))
                .collect(),
            estimate: reading.estimate(&rare),
        });
        let unread = order.iter().filter(|&&row| reading.verdicts[row].is_none());
        Some(DrawnAudit {
            unread: unread.map(|&row| drawn.rows[row].id.clone()).collect(),
            record: AuditRecord {
                drawn: order.len(),
                answered: reading.verdicts.iter().flatten().count(),
                wrong: reading.verdicts.iter().flatten().filter(|wrong| **wrong).count(),
                minutes: 0.0,
                all: reading.estimate(&all),
                rare,
            },
        })
    }
}

/// What is drawn of some of the rows so far.
#[derive(Debug)]
struct Draws {
    of_rows: u64,
    of_calls: u64,
    rows: RowDraws,
    /// `None` where each row stands for as many calls, so that both shares are one.
    calls: Option<CallDraws>,
}

impl Draws {
    fn of<'r>(rows: impl Iterator<Item = &'r KeptRows>, config: &AuditConfig, least: usize) -> Self {
        let sum = rows.copied().reduce(|mut sum, rows| {
            sum.add(rows);
            sum
        });
        let (of_rows, of_calls) = sum.map_or((0, 0), |sum| (sum.rows, sum.calls));
        let size = DrawSize::of(config, least, of_rows as usize);
        Self {
            of_rows,
            of_calls,
            rows: RowDraws::new(size),
            calls: sum
                .filter(|sum| sum.least < sum.most)
                .map(|_| CallDraws::new(size)),
        }
    }

    fn push(&mut self, rows: &[&Candidate]) {
        rows.iter().for_each(|row| self.rows.push(row));
        if let Some(calls) = &mut self.calls {
            calls.push(rows);
        }
    }

    fn finish(self, drawn: &mut Drawn) -> DrawnLists {
        let mut places = |rows: Vec<Candidate>| rows.into_iter().map(|row| drawn.place(row)).collect();
        DrawnLists {
            of_rows: self.of_rows,
            of_calls: self.of_calls,
            rows: places(self.rows.finish()),
            calls: places(self.calls.map_or_else(Vec::new, CallDraws::finish)),
        }
    }
}

/// Each drawn row once.
#[derive(Debug, Default)]
struct Drawn {
    rows: Vec<Candidate>,
    places: BTreeMap<String, usize>,
}

impl Drawn {
    fn place(&mut self, row: Candidate) -> usize {
        *self.places.entry(row.id.clone()).or_insert_with(|| {
            self.rows.push(row);
            self.rows.len() - 1
        })
    }
}

/// What was drawn of some of the rows, by place among all that were drawn.
#[derive(Debug)]
pub(super) struct DrawnLists {
    pub(super) of_rows: u64,
    pub(super) of_calls: u64,
    pub(super) rows: Vec<usize>,
    /// With repeats. Empty where each row stands for as many calls.
    pub(super) calls: Vec<usize>,
}
