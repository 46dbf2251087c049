//! What is right of each row, where an answer has several parts that can be right or wrong by themselves.

use crate::RightRows;

/// The answers of one model, graded: for each gold row, in the order of the gold set, which of its aspects are right.
///
/// An aspect is a field of a document, or a check on a sentence. It need not apply to every row. A row is right where
/// every aspect that applies to it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grades {
    aspects: Vec<String>,
    rows: Vec<Vec<Option<bool>>>,
}

impl Grades {
    /// Grades of these aspects: each row of `rows` has one entry for each aspect, `None` where it does not apply; `None`
    /// where a row has more or fewer.
    #[must_use]
    pub fn new(aspects: Vec<String>, rows: Vec<Vec<Option<bool>>>) -> Option<Self> {
        let whole = rows.iter().all(|row| row.len() == aspects.len());
        whole.then_some(Self { aspects, rows })
    }

    /// The aspects by name, in the order of the task.
    #[must_use]
    pub fn aspects(&self) -> &[String] {
        &self.aspects
    }

    /// The rows, each with its grades in the order of the aspects.
    #[must_use]
    pub fn rows(&self) -> &[Vec<Option<bool>>] {
        &self.rows
    }

    /// Whether a row is right in everything that applies to it; false where there is no such row.
    #[must_use]
    pub fn is_right(&self, row: usize) -> bool {
        let wrong = |grades: &Vec<Option<bool>>| grades.contains(&Some(false));
        self.rows.get(row).is_some_and(|grades| !wrong(grades))
    }

    /// Which rows are right.
    pub(crate) fn right_rows(&self) -> RightRows {
        RightRows::new((0..self.rows.len()).map(|row| self.is_right(row)))
    }
}
