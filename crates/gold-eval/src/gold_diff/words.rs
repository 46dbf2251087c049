//! A change of the gold set as people read it.

use std::fmt;

use crate::{
    GoldDiff,
    figures::{count, counted, names, one_line},
};

/// How many rows of a kind are listed; all of them are in the file.
const LISTED: usize = 20;
/// How much of a question is shown, in characters.
const SHOWN: usize = 70;

impl fmt::Display for GoldDiff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "version {} ({}) to version {} ({}): {} added, {} removed, {} relabelled, {} reworded, {} unchanged",
            self.from.version,
            counted(self.from.rows, "row"),
            self.to.version,
            counted(self.to.rows, "row"),
            count(self.added.len() as u64),
            count(self.removed.len() as u64),
            count(self.relabelled.len() as u64),
            count(self.reworded.len() as u64),
            count(self.unchanged)
        )?;
        self.part_names(f)?;
        section(f, "removed", &self.removed, |row| {
            format!(
                "{}  {}: {}{}",
                id(&row.id),
                answer(&row.answer),
                shown(&row.input),
                because(row.reason.as_deref())
            )
        })?;
        if self.under_another_id > 0 {
            writeln!(
                f,
                "  {} of them came back with the same question under another id: answers are joined by id",
                count(self.under_another_id)
            )?;
        }
        section(f, "relabelled", &self.relabelled, |row| {
            format!(
                "{}  {} -> {}: {}{}",
                id(&row.id),
                answer(&row.before),
                answer(&row.after),
                shown(&row.input),
                because(row.reason.as_deref())
            )
        })?;
        section(f, "reworded", &self.reworded, |row| {
            format!(
                "{}  {} -> {}{}",
                id(&row.id),
                shown(&row.before),
                shown(&row.after),
                because(row.reason.as_deref())
            )
        })?;
        section(f, "added", &self.added, |row| {
            format!("{}  {}: {}", id(&row.id), answer(&row.answer), shown(&row.input))
        })?;
        self.part_lines(f)
    }
}

impl GoldDiff {
    /// What the rows are counted by.
    fn noun(&self) -> &'static str {
        if self.kind == "labels" { "label" } else { "field" }
    }

    fn part_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (parts, what) in [(&self.parts_added, "gained"), (&self.parts_removed, "lost")] {
            if !parts.is_empty() {
                let parts = names(parts.iter().map(String::as_str), LISTED);
                writeln!(f, "the task has {what} the {}s {parts}", self.noun())?;
            }
        }
        Ok(())
    }

    fn part_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parts.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{:<32} {:>7} {:>7} {:>7} {:>8} {:>7} {:>7}",
            self.noun(),
            "before",
            "added",
            "removed",
            "gained",
            "lost",
            "after"
        )?;
        for (part, change) in self.parts.iter().take(LISTED) {
            writeln!(
                f,
                "{:<32} {:>7} {:>7} {:>7} {:>8} {:>7} {:>7}",
                one_line(part, 32),
                change.before,
                change.added,
                change.removed,
                change.gained,
                change.lost,
                change.after
            )?;
        }
        match self.parts.len().saturating_sub(LISTED) {
            0 => Ok(()),
            more => writeln!(f, "... {} more", count(more as u64)),
        }
    }
}

fn section<T>(
    f: &mut fmt::Formatter<'_>,
    title: &str,
    rows: &[T],
    line: impl Fn(&T) -> String,
) -> fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}:")?;
    for row in rows.iter().take(LISTED) {
        writeln!(f, "  {}", line(row))?;
    }
    match rows.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => writeln!(f, "  ... {} more", count(more as u64)),
    }
}

fn id(id: &str) -> String {
    one_line(id, 40)
}

fn answer(answer: &str) -> String {
    one_line(answer, SHOWN)
}

fn shown(text: &str) -> String {
    format!("“{}”", one_line(text, SHOWN))
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(
        || "  NO REASON GIVEN".to_owned(),
        |reason| format!("  because {}", one_line(reason, 100)),
    )
}
