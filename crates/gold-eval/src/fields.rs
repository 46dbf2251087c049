//! Documents with fields: gold records, what an answer says, and how much of it is right.

mod answer;
mod details;
mod figures;
mod grade;
mod judge;
mod kind;
mod sections;
mod token_f1;
mod value;

pub use answer::{AnswerForm, ReadAnswer, read_answer};
pub use details::{FieldDetails, FieldError, FieldFigures};
pub use figures::{Extraction, ExtractionCounts};
pub use grade::{FieldGrade, FieldOutcome, grade_field};
pub use kind::FieldSupport;
pub use token_f1::token_f1;
pub use value::{Day, Decimal, FieldValue, LONGEST_READABLE, TWO_DIGIT_PIVOT};
