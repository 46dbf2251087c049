//! Sentences about rows of data: whether they are true, keep to a style, and come close to references.
//!
//! A row is a set of named values, the answer a sentence that says them. [`SentenceChecker`] reads the sentence and looks
//! both ways: is every value of the row in the sentence, and is everything in the sentence in the row. What it finds are
//! [`Fault`]s with their place, and for each check whether it passes, which is what [`Grades`](crate::Grades) hold.
//!
//! ```
//! use gold_eval::narration::{SentenceChecker, SentenceRow, SentenceSet};
//! use task_spec::SentenceStyle;
//!
//! let row: SentenceRow = serde_json::from_str(r#"{
//!     "id": "1",
//!     "row": {"shop": "The Corner", "change": -3.2, "till": "2024-03-05"}
//! }"#)?;
//! let set = SentenceSet::new(vec![row])?;
//! let style: SentenceStyle = toml::from_str(r#"
//!     max_sentences = 1
//!     [fields.change]
//!     unit = "%"
//! "#)?;
//! let checker = SentenceChecker::new(&style, &set)?;
//!
//! let right = checker.check(&set.rows()[0], "Sales at The Corner fell by 3.2% in the week to 5 March 2024.");
//! assert!(right.faults.is_empty(), "{:?}", right.faults);
//!
//! let sentence = "Sales at The Mill rose by 3.2% in the week to 5 March, the best of 12 shops.";
//! let wrong = checker.check(&set.rows()[0], sentence);
//! let found: Vec<String> = wrong.faults.iter().map(ToString::to_string).collect();
//! assert_eq!(found, [
//!     "change is -3.2: the sign is wrong",
//!     "shop is not said: The Corner",
//!     "a number that is not in the row",
//!     "a name that is not in the row",
//! ]);
//! assert_eq!(wrong.faults[2].quote(sentence), Some("12"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What counts as said
//!
//! - **Numbers**: to half a unit of the last digit that the sentence writes; with units of one kind converted; "about",
//!   "nearly", "over" and their like checked for their side ([`Bound`]); the sign of a change by its sign or by the nearest
//!   word of direction; shares as percent, as fractions and in words. A range says what lies in it if it is no wider than
//!   half of its upper end. Numbers that can be worked out from the row are not in the row.
//! - **Dates**: day and month, or month and year; the year and the day may be left out.
//! - **Names**: their words, without case, accents, plural endings and a leading article. A name of another row of the set
//!   is a fault, and so are capitalised words in no row.
//! - **Choices** and flags: by the phrases that the style lists. A phrase is denied by a negation among the three words
//!   before it in its clause, unless another phrase comes between; of two values the denied one says the other. Names are
//!   never denied: "not far from Zizzi" names Zizzi.
//!
//! It is a reader of English by rules and no parser: that every number of a sentence is in the row does not mean that each
//! stands with the right noun. Phrases that a style does not list read as omissions.

mod bound;
mod checker;
mod date;
mod details;
mod digits;
mod fault;
mod judge;
mod kind;
mod number;
mod phrase;
mod quantity;
mod readability;
mod report;
mod row;
mod style_check;
mod text;
mod truth;
mod unit;
mod written;

pub use bound::Bound;
pub use checker::{MAX_SENTENCE_BYTES, SentenceCheck, SentenceChecker, StyleError};
pub use date::{SpokenDate, dates};
pub use details::{ComparedOverlap, SentenceDetails};
pub use fault::{Fault, FaultKind};
pub use number::{NumberMention, numbers};
pub use readability::{Readability, syllables};
pub use report::{
    CheckScore, FaultExample, LISTED_FAULTS, OverlapScores, SentenceGrades, SentenceReport, grade_sentences,
};
pub use row::{RowValue, RowValueError, SentenceRow, SentenceSet, SentenceSetError};
pub use text::TextSpan;

#[cfg(test)]
mod tests;
