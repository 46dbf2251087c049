//! One field of a document, and when two of its values are the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::FieldSchemaError;

/// What a field's values are, which decides when two of them are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FieldKind {
    /// Words: a company, an address.
    #[default]
    Text,
    /// A number.
    Number,
    /// An amount of money, with a currency or without.
    Money,
    /// A day of the calendar.
    Date,
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Money => "money",
            Self::Date => "date",
        })
    }
}

/// Which comparison counts as right.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// The same characters.
    Exact,
    /// The same value in the form in which values of the kind are compared.
    #[default]
    Normalised,
    /// For text: a token F1 (SQuAD's) of at least this, above 0 and at most 1; written `{ token-f1 = 0.8 }`.
    #[serde(rename = "token-f1")]
    TokenF1(f64),
}

/// How a date of three numbers is read where it could be read in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateOrder {
    /// 05/04/2018 is the fifth of April.
    #[default]
    DayFirst,
    /// 05/04/2018 is the fourth of May.
    MonthFirst,
    /// 18/04/05 is the fifth of April 2018; with the year last, as day first.
    YearFirst,
}

/// What a single point or comma before three digits is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecimalMark {
    /// 1.500 is one and a half, 1,500 fifteen hundred.
    #[default]
    Point,
    /// 1,500 is one and a half, 1.500 fifteen hundred.
    Comma,
}

/// When two amounts are of the same currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CurrencyRule {
    /// An amount without a currency may be of any.
    #[default]
    Optional,
    /// An amount without a currency is not one with.
    Required,
    /// Only the number counts.
    Ignored,
}

/// One field, as `task.toml` holds it. Every setting but the name has a default.
///
/// ```
/// use task_spec::{DateOrder, Field, FieldKind};
///
/// let field: Field = toml::from_str(r#"
///     name = "date"
///     kind = "date"
///     aliases = ["invoice date"]
///     dates = "month-first"
/// "#)?;
/// assert_eq!((field.kind, field.dates), (FieldKind::Date, DateOrder::MonthFirst));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name: the key of an answer's JSON object.
    pub name: String,
    /// What its values are; text unless given.
    #[serde(default)]
    pub kind: FieldKind,
    /// Other keys that mean this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether every gold row must have a value; false unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// For text: the only values that there are; any unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Which comparison counts as right; normalised unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub right: Matching,
    /// For dates: how an ambiguous one is read; day first unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dates: DateOrder,
    /// For numbers and money: what a single point or comma before three digits is; a point is decimal unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub decimal: DecimalMark,
    /// For numbers and money: how far a value may be from the gold one, in its own unit; 0 unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tolerance: f64,
    /// For money: when two amounts are of the same currency; optional unless given.
    #[serde(default, skip_serializing_if = "is_default")]
    pub currency: CurrencyRule,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Field {
    /// A field with the defaults of its kind.
    pub fn new(name: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            kind,
            aliases: Vec::new(),
            required: false,
            values: Vec::new(),
            right: Matching::default(),
            dates: DateOrder::default(),
            decimal: DecimalMark::default(),
            tolerance: 0.0,
            currency: CurrencyRule::default(),
        }
    }

    /// Whether every setting is one for this kind, and in its range.
    pub(crate) fn check(&self) -> Result<(), FieldSchemaError> {
        let is_numeric = matches!(self.kind, FieldKind::Number | FieldKind::Money);
        let is_text = self.kind == FieldKind::Text;
        let settings = [
            ("values", self.values.is_empty() || is_text),
            (
                "right = { token-f1 }",
                !matches!(self.right, Matching::TokenF1(_)) || is_text,
            ),
            ("dates", is_default(&self.dates) || self.kind == FieldKind::Date),
            ("decimal", is_default(&self.decimal) || is_numeric),
            ("tolerance", is_default(&self.tolerance) || is_numeric),
            (
                "currency",
                is_default(&self.currency) || self.kind == FieldKind::Money,
            ),
        ];
        if let Some((setting, _)) = settings.into_iter().find(|(_, fits)| !fits) {
            return Err(FieldSchemaError::NotForKind {
                field: self.name.clone(),
                kind: self.kind,
                setting,
            });
        }
        let out_of_range = |setting, value, range| FieldSchemaError::OutOfRange {
            field: self.name.clone(),
            setting,
            value,
            range,
        };
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            return Err(out_of_range("tolerance", self.tolerance, "at least 0"));
        }
        if let Matching::TokenF1(least) = self.right
            && !(least > 0.0 && least <= 1.0)
        {
            return Err(out_of_range("token-f1", least, "above 0 and at most 1"));
        }
        let twice = |at: usize, value: &String| self.values[..at].contains(value);
        let mut values = self.values.iter().enumerate();
        match values.find(|(at, value)| value.trim().is_empty() || twice(*at, value)) {
            Some((_, value)) => Err(FieldSchemaError::AllowedValue {
                field: self.name.clone(),
                value: value.clone(),
            }),
            None => Ok(()),
        }
    }
}
