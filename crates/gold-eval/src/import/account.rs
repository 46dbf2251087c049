//! What an import read, and how, in words.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;

use super::RowFormat;
use crate::figures::{count, counted, one_line};

/// What was read, and how. Printed ([`Display`](fmt::Display)), it says loudly what was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportAccount {
    /// The file.
    pub file: String,
    /// BLAKE3 of the file.
    pub hash: ContentHash,
    /// The encoding in which it was read.
    pub encoding: String,
    /// What its rows were taken for.
    pub format: RowFormat,
    /// Which fields were read as what.
    pub fields: UsedFields,
    /// Rows that were found.
    pub rows_read: u64,
    /// Gold rows that they gave.
    pub rows: u64,
    /// Rows among them whose id is derived from the question.
    pub derived_ids: u64,
    /// Rows among them whose answer was spelled otherwise than the task's label.
    pub respelled: u64,
    /// Rows among them that came with a system prompt or examples, which a gold row does not carry.
    pub prompts_left_out: u64,
    /// Rows among them that had assertions besides the right answer, which a gold row does not carry.
    pub assertions_left_out: u64,
    /// How many rows each label has.
    pub labels: BTreeMap<String, u64>,
    /// How many rows were set aside, by the reason.
    pub set_aside: BTreeMap<String, u64>,
}

/// Which fields were read as what; more than one where rows differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedFields {
    /// The question.
    pub input: BTreeSet<String>,
    /// The right answer.
    pub label: BTreeSet<String>,
    /// The id.
    pub id: BTreeSet<String>,
}

impl fmt::Display for ImportAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = match self.format {
            RowFormat::Fields => "",
            RowFormat::OpenaiEvals => ", OpenAI evals",
            RowFormat::Promptfoo => ", promptfoo test cases",
        };
        writeln!(
            f,
            "{} of {} in {} ({}{format}) are gold rows now, in {}",
            count(self.rows),
            counted(self.rows_read, "row"),
            one_line(&self.file, 100),
            self.encoding,
            counted(self.labels.len() as u64, "category")
        )?;
        let read = |names: &BTreeSet<String>| {
            names
                .iter()
                .map(|name| format!("{name:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        write!(
            f,
            "question from {}, answer from {}, ",
            read(&self.fields.input),
            read(&self.fields.label)
        )?;
        match (self.derived_ids, self.fields.id.is_empty()) {
            (_, true) => writeln!(f, "id derived from the question")?,
            (0, false) => writeln!(f, "id from {}", read(&self.fields.id))?,
            (derived, false) => {
                writeln!(
                    f,
                    "id from {}, and derived from the question in {}",
                    read(&self.fields.id),
                    counted(derived, "row")
                )?;
            }
        }
        let mut rarest: Vec<(&u64, &String)> =
            self.labels.iter().map(|(label, rows)| (rows, label)).collect();
        rarest.sort_unstable();
        if let (Some((fewest, label)), Some((most, _))) = (rarest.first(), rarest.last()) {
            let (fewest, most) = (counted(**fewest, "row"), count(**most));
            writeln!(
                f,
                "{fewest} to {most} in a category, the fewest in {:?}",
                one_line(label, 60)
            )?;
        }
        for (rows, what) in [
            (
                self.respelled,
                "have another spelling of the task's label, which was replaced",
            ),
            (
                self.prompts_left_out,
                "came with a system prompt or examples: pin the teacher with that very prompt",
            ),
            (
                self.assertions_left_out,
                "had other assertions besides the right answer, which are left out",
            ),
        ] {
            if rows > 0 {
                writeln!(f, "{} {what}", counted(rows, "row"))?;
            }
        }
        self.warning(f)
    }
}

impl ImportAccount {
    fn warning(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: u64 = self.set_aside.values().sum();
        if all > 0 {
            write!(
                f,
                "WARNING: {} COULD NOT BE USED:",
                counted(all, "row").to_uppercase()
            )?;
            for (why, rows) in &self.set_aside {
                write!(f, "\n  {:>6}  {why}", count(*rows))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
