//! Documents with fields: gold records, a pinned baseline, what an answer says, and how much of it is right.

mod answer;
mod answers;
mod baseline;
mod details;
mod figures;
mod gold;
mod grade;
mod judge;
mod sections;
mod token_f1;
mod value;

pub use answer::{AnswerForm, ReadAnswer, read_answer};
pub use answers::{FieldAnswer, FieldAnswers};
pub use baseline::{FieldBaseline, FieldBaselineRow};
pub use details::{FieldDetails, FieldError, FieldFigures};
pub use figures::{Extraction, ExtractionCounts};
pub use gold::{FieldGold, FieldGoldLock, FieldSupport};
pub use grade::{FieldGrade, FieldOutcome, grade_field};
pub use judge::{FieldCase, judge_fields};
pub use token_f1::token_f1;
pub use value::{Day, Decimal, FieldValue, LONGEST_READABLE, TWO_DIGIT_PIVOT};
