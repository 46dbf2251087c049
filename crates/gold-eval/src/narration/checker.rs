//! A style made ready to check sentences about the rows of one set.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use regex::Regex;
use task_spec::{FieldStyle, SentenceStyle, SpokenKind};

use super::{
    date::SpokenDate,
    fault::{Fault, FaultKind},
    phrase::Phrase,
    quantity::Quantity,
    row::{RowValue, SentenceRow, SentenceSet},
    style_check,
    text::{Word, words},
    truth,
    unit::Unit,
};

/// Answers longer than this are not read: they are no sentence, and every check on them fails.
pub const MAX_SENTENCE_BYTES: usize = 16_384;

/// Why a style cannot be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StyleError {
    /// The style speaks of a field that no row has.
    #[error("the style lists the field {field:?}, which no row has: correct its name")]
    UnknownField {
        /// The field.
        field: String,
    },
    /// A phrase has no word.
    #[error("the phrase {phrase:?} of {place} has no word: write one, or remove it")]
    BlankPhrase {
        /// The phrase.
        phrase: String,
        /// Where the style lists it.
        place: String,
    },
    /// A value that cannot be said by itself has no phrase.
    #[error(
        "{field} is {value} in row {id:?}, and the style lists no phrase that says so: list one, or skip the field"
    )]
    NoPhrase {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// The first such row.
        id: String,
    },
    /// A value is not of the kind that the style states.
    #[error("{field} is {value:?} in row {id:?}, which is no {kind}: correct the row or the field's kind")]
    Value {
        /// The field.
        field: String,
        /// The value.
        value: String,
        /// The kind.
        kind: &'static str,
        /// The first such row.
        id: String,
    },
    /// A unit is not known.
    #[error(
        "{unit:?}, the unit of {field}, is not known: write its symbol, such as km, %, kg, min, GBP, or leave it out"
    )]
    Unit {
        /// The field.
        field: String,
        /// The unit.
        unit: String,
    },
    /// The pattern is no regular expression.
    #[error("the pattern of the style is no regular expression")]
    Pattern(#[source] Box<regex::Error>),
    /// The fewest words are more than the most.
    #[error("min_words is {min} and max_words {max}: no sentence has so many words")]
    Words {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
}

/// What was found in one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct SentenceCheck {
    /// Everything that is wrong, in the order of the checks.
    pub faults: Vec<Fault>,
    /// Whether each check passes, in the order of [`SentenceChecker::checks`]; `None` where it does not apply.
    pub grades: Vec<Option<bool>>,
}

/// Checks sentences about rows: what they say, and how.
///
/// It knows the values of all rows of the set, so that another row's name in a sentence is found, and the words that the
/// references write in lower case, so that "Riverside" is no unknown name where people also write "riverside".
#[derive(Debug)]
pub struct SentenceChecker {
    pub(super) style: SentenceStyle,
    pub(super) pattern: Option<Regex>,
    pub(super) fields: Vec<Field>,
    pub(super) sayings: Vec<Saying>,
    /// Sayings by their first word.
    pub(super) by_first: HashMap<String, Vec<usize>>,
    /// Words that references write in lower case.
    pub(super) ordinary: HashSet<String>,
    checks: Vec<String>,
}

/// A field of the rows.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) style: FieldStyle,
    pub(super) unit: Option<Unit>,
    /// The values that phrases say, in order.
    pub(super) values: Vec<String>,
}

impl Field {
    /// Whether saying another value contradicts the row, and saying one that the row lacks invents it.
    pub(super) fn is_choice(&self) -> bool {
        self.style.kind == Some(SpokenKind::Choice)
            || (self.style.kind.is_none() && !self.style.phrases.is_empty())
    }
}

/// A phrase and what it says.
#[derive(Debug)]
pub(super) struct Saying {
    pub(super) phrase: Phrase,
    /// Field and value; `None` of phrases that are always allowed.
    pub(super) value: Option<(usize, usize)>,
    /// Whether it is one word that is a name only with a capital, as "Ranch" is.
    pub(super) needs_capital: bool,
}

/// A value as sentences say it.
#[derive(Debug)]
pub(super) enum Spoken {
    /// By a phrase of the field: its own text, or those that the style lists.
    Phrase,
    /// As a number.
    Number(Quantity),
    /// As a date.
    Date(SpokenDate),
    /// Not checked.
    Skip,
}

impl SentenceChecker {
    /// Makes a style ready for the rows of a set.
    ///
    /// # Errors
    ///
    /// [`StyleError`] names the setting, or the row that the style does not fit.
    pub fn new(style: &SentenceStyle, set: &SentenceSet) -> Result<Self, StyleError> {
        if let (Some(min), Some(max)) = (style.min_words, style.max_words)
            && min > max
        {
            return Err(StyleError::Words { min, max });
        }
        let pattern = style.pattern.as_deref().map(Regex::new).transpose();
        let mut checker = Self {
            style: style.clone(),
            pattern: pattern.map_err(|error| StyleError::Pattern(Box::new(error)))?,
            fields: fields(style, set)?,
            sayings: Vec::new(),
            by_first: HashMap::new(),
            ordinary: ordinary(set),
            checks: Vec::new(),
        };
        checker.check_values(set)?;
        checker.add_sayings(set)?;
        let said = checker
            .fields
            .iter()
            .filter(|field| field.style.kind != Some(SpokenKind::Skip));
        let truth = said
            .map(|field| truth::says(&field.name))
            .chain(truth::OTHERS.map(str::to_owned));
        checker.checks = truth
            .chain(style_check::names(style).map(str::to_owned))
            .collect();
        Ok(checker)
    }

    /// The checks by name: whether each field is said, whether nothing else is said, and what the style asks for.
    #[must_use]
    pub fn checks(&self) -> &[String] {
        &self.checks
    }

    /// Checks a sentence about a row. The row need not be of the set, but then its names must not be taken for others.
    #[must_use]
    pub fn check(&self, row: &SentenceRow, sentence: &str) -> SentenceCheck {
        if sentence.len() > MAX_SENTENCE_BYTES {
            let fault = |check: &String| Fault {
                check: check.clone(),
                field: None,
                span: None,
                kind: FaultKind::TooLong {
                    bytes: sentence.len(),
                },
            };
            return SentenceCheck {
                faults: self.checks.first().map(fault).into_iter().collect(),
                grades: self.checks.iter().map(|_| Some(false)).collect(),
            };
        }
        let parts = words(sentence);
        let mut faults = truth::faults(self, row, sentence, &parts);
        faults.extend(style_check::faults(self, row, sentence, &parts));
        let place = |fault: &Fault| self.checks.iter().position(|check| *check == fault.check);
        faults.sort_by_key(|fault| (place(fault), fault.span));
        let wrong: BTreeSet<&str> = faults.iter().map(|fault| fault.check.as_str()).collect();
        let grades = (self.checks.iter())
            .map(|check| {
                let is_right = !wrong.contains(check.as_str());
                (self.applies(check, row) || !is_right).then_some(is_right)
            })
            .collect();
        SentenceCheck { faults, grades }
    }

    /// Whether a check applies to a row: a field that the row lacks, or need not say, cannot be omitted.
    fn applies(&self, check: &str, row: &SentenceRow) -> bool {
        let field = self
            .fields
            .iter()
            .find(|field| truth::says(&field.name) == *check);
        match field {
            Some(field) => field.style.required && row.value(&field.name).is_some(),
            None => check != style_check::CHRF || !row.references.is_empty(),
        }
    }

    /// How sentences say a value of a field.
    pub(super) fn spoken(&self, field: &Field, value: &RowValue) -> Spoken {
        let number = |value: f64, unit: Option<Unit>| {
            Spoken::Number(Quantity {
                value,
                unit: field.unit.or(unit),
                is_signed: field.style.signed,
            })
        };
        let day_first = self.style.day_first.unwrap_or(true);
        match (field.style.kind, value) {
            (Some(SpokenKind::Skip), _) | (_, RowValue::Missing) => Spoken::Skip,
            (Some(SpokenKind::Name | SpokenKind::Choice), _) | (None, RowValue::Flag(_)) => Spoken::Phrase,
            (None, _) if field.is_choice() => Spoken::Phrase,
            (None | Some(SpokenKind::Number), RowValue::Number(value)) => number(*value, None),
            (kind, RowValue::Text(text)) => {
                let date = || SpokenDate::of_text(text, day_first);
                let is_iso = text.len() >= 8 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
                match kind {
                    Some(SpokenKind::Date) => date().map_or(Spoken::Phrase, Spoken::Date),
                    None if is_iso && let Some(date) = date() => Spoken::Date(date),
                    _ => match Quantity::of_text(text, self.style.decimal_comma) {
                        // A unit of the text's own stays, where the style names none.
                        Some(quantity) => number(quantity.value, quantity.unit),
                        None => Spoken::Phrase,
                    },
                }
            }
            _ => Spoken::Phrase,
        }
    }

    /// Whether every value can be checked as the style says.
    fn check_values(&self, set: &SentenceSet) -> Result<(), StyleError> {
        for row in set.rows() {
            for field in &self.fields {
                let Some(value) = row.value(&field.name) else {
                    continue;
                };
                let spoken = self.spoken(field, value);
                let (field, value, id) = (&field.name, value, || row.id.clone());
                let kind = self.style.fields.get(field).and_then(|style| style.kind);
                let expected = match (kind, &spoken) {
                    (Some(SpokenKind::Number), Spoken::Number(_))
                    | (Some(SpokenKind::Date), Spoken::Date(_)) => None,
                    (Some(SpokenKind::Number), _) => Some("number"),
                    (Some(SpokenKind::Date), _) => Some("date"),
                    _ => None,
                };
                if let Some(kind) = expected {
                    return Err(StyleError::Value {
                        field: field.clone(),
                        value: value.to_string(),
                        kind,
                        id: id(),
                    });
                }
                let text = value.to_string();
                let listed = self
                    .style
                    .fields
                    .get(field)
                    .is_some_and(|style| style.phrases.contains_key(&text));
                let has_words = !matches!(value, RowValue::Flag(_)) && Phrase::name(&text).is_some();
                if matches!(spoken, Spoken::Phrase) && !listed && !has_words {
                    return Err(StyleError::NoPhrase {
                        field: field.clone(),
                        value: text,
                        id: id(),
                    });
                }
            }
        }
        Ok(())
    }

    fn add_sayings(&mut self, set: &SentenceSet) -> Result<(), StyleError> {
        let phrase = |text: &String, place: &str| {
            Phrase::new(text).ok_or_else(|| StyleError::BlankPhrase {
                phrase: text.clone(),
                place: place.to_owned(),
            })
        };
        let mut sayings = Vec::new();
        for text in &self.style.allowed {
            sayings.push(Saying {
                phrase: phrase(text, "allowed")?,
                value: None,
                needs_capital: false,
            });
        }
        for text in &self.style.forbidden {
            phrase(text, "forbidden")?;
        }
        let mut values: Vec<BTreeSet<String>> = Vec::new();
        for field in &self.fields {
            let of_rows = set.rows().iter().filter_map(|row| row.value(&field.name));
            let said = of_rows.filter(|value| matches!(self.spoken(field, value), Spoken::Phrase));
            let said = said.map(ToString::to_string);
            values.push(said.chain(field.style.phrases.keys().cloned()).collect());
        }
        for (number, (field, values)) in self.fields.iter_mut().zip(values).enumerate() {
            field.values = values.into_iter().collect();
            for (place, value) in field.values.iter().enumerate() {
                match field.style.phrases.get(value) {
                    Some(texts) => {
                        for text in texts {
                            sayings.push(Saying {
                                phrase: phrase(text, &field.name)?,
                                value: Some((number, place)),
                                needs_capital: false,
                            });
                        }
                    }
                    None => sayings.extend(Phrase::name(value).map(|phrase| Saying {
                        needs_capital: phrase.is_one_word() && value.starts_with(char::is_uppercase),
                        phrase,
                        value: Some((number, place)),
                    })),
                }
            }
        }
        for (number, saying) in sayings.iter().enumerate() {
            self.by_first
                .entry(saying.phrase.first().to_owned())
                .or_default()
                .push(number);
        }
        self.sayings = sayings;
        Ok(())
    }
}

/// The fields of the rows, in the order of their names.
fn fields(style: &SentenceStyle, set: &SentenceSet) -> Result<Vec<Field>, StyleError> {
    let names: BTreeSet<&String> = set.rows().iter().flat_map(|row| row.row.keys()).collect();
    if let Some(field) = style.fields.keys().find(|field| !names.contains(field)) {
        return Err(StyleError::UnknownField { field: field.clone() });
    }
    let field = |name: &String| {
        let style = style.fields.get(name).cloned().unwrap_or_default();
        let unit = match &style.unit {
            Some(unit) => Some(Unit::of(&unit.to_lowercase()).ok_or_else(|| StyleError::Unit {
                field: name.clone(),
                unit: unit.clone(),
            })?),
            None => None,
        };
        Ok(Field {
            name: name.clone(),
            style,
            unit,
            values: Vec::new(),
        })
    };
    names.into_iter().map(field).collect()
}

/// Words that references write in lower case at least as often as with a capital, where no sentence begins.
fn ordinary(set: &SentenceSet) -> HashSet<String> {
    let mut counts: BTreeMap<String, i64> = BTreeMap::new();
    let references = set.rows().iter().flat_map(|row| &row.references);
    for word in references
        .flat_map(|reference| words(reference))
        .filter(|word: &Word| !word.is_first)
    {
        *counts.entry(word.lower).or_default() += if word.is_capital { -1 } else { 1 };
    }
    counts
        .into_iter()
        .filter(|(_, balance)| *balance >= 0)
        .map(|(word, _)| word)
        .collect()
}
