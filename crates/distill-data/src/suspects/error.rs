//! Why labels could not be judged.

/// Labels and probabilities that do not fit together, or are none. Rows are counted from 0, as in the input.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelIssueError {
    /// Fewer than two classes.
    #[error("there must be at least 2 classes, found {found}: with one there is no other label to suspect")]
    Classes {
        /// How many.
        found: usize,
    },
    /// A matrix that has no whole number of rows.
    #[error(
        "{values} probabilities are no whole number of rows of {classes} classes: give rows times classes numbers"
    )]
    Shape {
        /// How many numbers there are.
        values: usize,
        /// How many classes.
        classes: usize,
    },
    /// Lists of different lengths.
    #[error("{labels} labels and {rows} rows: give one label for each row")]
    Length {
        /// How many labels.
        labels: usize,
        /// How many rows of probabilities or texts.
        rows: usize,
    },
    /// A label that is no class.
    #[error("row {row} has the label {label}, the classes are 0 to {}", classes - 1)]
    Label {
        /// The row.
        row: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A number that is no probability.
    #[error("row {row}, class {class}: {found} is no probability in 0..=1")]
    Probability {
        /// The row.
        row: usize,
        /// The class.
        class: usize,
        /// The number.
        found: f32,
    },
    /// A row that is no distribution.
    #[error(
        "the probabilities of row {row} add up to {found}: they must add up to 1, give or take {tolerance}"
    )]
    Sum {
        /// The row.
        row: usize,
        /// The sum.
        found: f64,
        /// How far from 1 it may be.
        tolerance: f64,
    },
}
