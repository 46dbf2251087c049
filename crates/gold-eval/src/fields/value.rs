//! A field's value in the form in which values of its kind are compared.

mod currency;
mod date;
mod digits;
mod number;

use std::fmt;

use near_texts::normalise;
use task_spec::{Field, FieldKind};

pub use date::{Day, TWO_DIGIT_PIVOT};
pub use number::Decimal;

use currency::{Currency, same_currency};
use date::read_date;
use digits::folded;
use number::{read_money, read_number};

/// The longest text that is read as a number, an amount or a date, in characters without the white space around it.
/// Longer ones are compared as text.
pub const LONGEST_READABLE: usize = 64;

/// A value, read by the rules of its field's kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldValue {
    form: Form,
    is_ambiguous: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// Normalised text; also what could not be read as its kind.
    Text(String),
    Number(Decimal),
    Money(Decimal, Option<Currency>),
    Date(Day),
}

impl FieldValue {
    /// Reads a value.
    ///
    /// - **Text**: by [`near_texts::normalise`]: compatibility case folding, punctuation as white space, runs of white
    ///   space as one.
    /// - **Numbers**: digits of any script; a minus sign in front or behind, or parentheses, for negatives; a percent sign
    ///   is dropped, so that `6%` is `6` and not `0.06`; thousands in groups of three, or as in India of two before the
    ///   last three, by point, comma, space, apostrophe or underscore. A single point or comma before exactly three digits
    ///   is what [`Field::decimal`] says; every other one can only be read in one way.
    /// - **Money**: a number with a symbol or an ISO 4217 code before or behind.
    /// - **Dates**: see [`Day`].
    ///
    /// What cannot be read as its kind is compared as text, and only equals the same text.
    #[must_use]
    pub fn read(field: &Field, text: &str) -> Self {
        let certain = |form| Self {
            form,
            is_ambiguous: false,
        };
        let short = folded(text, LONGEST_READABLE);
        let read = short.and_then(|text| match field.kind {
            FieldKind::Number => {
                read_number(&text, field.decimal).map(|number| certain(Form::Number(number)))
            }
            FieldKind::Money => read_money(&text, field.decimal)
                .map(|(amount, currency)| certain(Form::Money(amount, currency))),
            FieldKind::Date => read_date(&text, field.dates).map(|(day, is_ambiguous)| Self {
                form: Form::Date(day),
                is_ambiguous,
            }),
            _ => None,
        });
        read.unwrap_or_else(|| certain(Form::Text(normalise(text))))
    }

    /// Whether the text is a value of the field's kind.
    #[must_use]
    pub fn is_of_kind(&self, field: &Field) -> bool {
        field.kind == FieldKind::Text || !matches!(self.form, Form::Text(_))
    }

    /// Whether day and month could be exchanged, so that only [`Field::dates`] decides.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.is_ambiguous
    }

    /// Whether two values are the same by the field's tolerance and its rule on currencies. Symmetric.
    #[must_use]
    pub fn is_same(&self, other: &Self, field: &Field) -> bool {
        match (&self.form, &other.form) {
            (Form::Number(a), Form::Number(b)) => a.is_within(b, field.tolerance),
            (Form::Money(a, of_a), Form::Money(b, of_b)) => {
                a.is_within(b, field.tolerance) && same_currency(*of_a, *of_b, field.currency)
            }
            (a, b) => a == b,
        }
    }

    /// The value as text that reads as the same value again: a date as `2018-12-25`, an amount as `MYR 9.5`, a number
    /// without thousands separators and with the field's decimal mark.
    #[must_use]
    pub fn written(&self, field: &Field) -> String {
        match &self.form {
            Form::Text(text) => text.clone(),
            Form::Number(number) | Form::Money(number, None) => number.written(field.decimal),
            Form::Money(number, Some(currency)) => {
                format!("{currency} {}", number.written(field.decimal))
            }
            Form::Date(day) => day.to_string(),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests;
