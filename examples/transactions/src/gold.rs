//! The gold set: lines whose right answer is known.

use std::collections::{BTreeMap, HashSet};

use task_spec::GoldRow;

use crate::{Category, Month, Transaction, World};

/// The fewest rows of a category in a gold set.
pub const GOLD_FLOOR: usize = 12;

impl World {
    /// A gold set of `n` lines at natural frequencies, except that each category has at least [`GOLD_FLOOR`].
    ///
    /// No line is in it twice, and the order is that of the rows' ids. If `n` is less than the floors need, the floors
    /// win and the set is larger.
    #[must_use]
    pub fn gold(&self, n: usize) -> Vec<Transaction> {
        let mut gold = GoldDraft::default();
        let mut index = 0;
        while gold.rows.len() + gold.missing() < n {
            gold.add(self.line("gold", index));
            index += 1;
        }
        for category in Category::ALL {
            let mut index = 0;
            while gold.count(category) < GOLD_FLOOR {
                gold.add(self.line_of(category, "gold/floor", index));
                index += 1;
            }
        }
        gold.finish()
    }

    /// The next version of a gold set: its rows, and `new` rows of what `month` brought.
    ///
    /// Half of the new rows are the new kind of merchant, half the new format; none of them is a row of the month.
    #[must_use]
    pub fn gold_after(&self, gold: &[Transaction], month: &Month<'_>, new: usize) -> Vec<Transaction> {
        let mut draft = GoldDraft::default();
        for row in gold {
            draft.add(row.clone());
        }
        let live: HashSet<String> = month.rows().into_iter().map(|row| row.transaction.text).collect();
        let wanted = draft.rows.len() + new;
        let mut index = 0;
        while draft.rows.len() < wanted {
            let row = month.novel("gold/after", index);
            if !live.contains(&row.text) {
                draft.add(row);
            }
            index += 1;
        }
        draft.finish()
    }
}

/// A line as a row of `gold.jsonl`. The id follows from the text.
#[must_use]
pub fn gold_row(transaction: &Transaction) -> GoldRow {
    let hash = blake3::hash(transaction.text.as_bytes()).to_hex();
    GoldRow {
        id: format!("g-{}", &hash[..16]),
        input: transaction.text.clone(),
        label: transaction.category.name().to_owned(),
    }
}

#[derive(Default)]
struct GoldDraft {
    rows: Vec<Transaction>,
    seen: HashSet<String>,
    counts: BTreeMap<Category, usize>,
}

impl GoldDraft {
    fn add(&mut self, row: Transaction) {
        if self.seen.insert(row.text.clone()) {
            *self.counts.entry(row.category).or_default() += 1;
            self.rows.push(row);
        }
    }

    fn count(&self, category: Category) -> usize {
        self.counts.get(&category).copied().unwrap_or_default()
    }

    /// How many rows the floors still need.
    fn missing(&self) -> usize {
        Category::ALL
            .iter()
            .map(|&category| GOLD_FLOOR.saturating_sub(self.count(category)))
            .sum()
    }

    fn finish(mut self) -> Vec<Transaction> {
        self.rows.sort_by_cached_key(|row| gold_row(row).id);
        self.rows
    }
}

#[cfg(test)]
mod tests;
