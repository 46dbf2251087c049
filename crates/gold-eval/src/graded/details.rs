//! The figures of one kind of task, as a graded report carries them.

/// Figures that belong to one kind of task and stand in its report beside the verdict: typed in JSON, as tables on pages.
pub trait Details {
    /// What a reader should know besides, each in a sentence.
    fn notes(&self) -> Vec<String>;

    /// The tables, in the order in which pages show them.
    fn sections(&self) -> Vec<Section>;
}

/// Nothing beside the verdict.
impl Details for () {
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    fn sections(&self) -> Vec<Section> {
        Vec::new()
    }
}

/// A table with its heading. Texts are plain: pages escape them, put them on one line and cut what is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What the table shows, in a sentence or two.
    pub lead: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with one cell for each column.
    pub rows: Vec<Vec<String>>,
}

/// A column of a [`Section`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether its cells are numbers, which stand to the right.
    pub is_numeric: bool,
}

impl Column {
    /// A column of words.
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_numeric: false,
        }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            is_numeric: true,
        }
    }
}
