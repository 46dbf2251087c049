//! What a sentence about a row has to say and to keep to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The house style of a sentence, as far as it can be checked: what it has to say of each field, and how it reads.
///
/// Nothing but faithfulness is checked unless it is asked for. All limits are whole numbers, so that a style can be
/// compared and hashed.
///
/// ```
/// use task_spec::{SentenceStyle, Task};
///
/// let task: Task<SentenceStyle> = toml::from_str(r#"
///     name = "restaurants"
///
///     [output]
///     kind = "sentence"
///
///     [output.style]
///     forbidden = ["click here"]
///     max_words = 60
///     ends_with_stop = true
///
///     [output.style.fields.familyFriendly.phrases]
///     yes = ["family friendly", "kids ... welcome"]
///     no = ["adults only", "not family friendly"]
/// "#)?;
/// assert_eq!(task.output.fields["familyFriendly"].phrases["no"].len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SentenceStyle {
    /// Phrases that may not occur as whole words, whatever their case; none unless given.
    pub forbidden: Vec<String>,
    /// Phrases that may always be said, whatever numbers and names they hold, such as "out of 5"; none unless given.
    pub allowed: Vec<String>,
    /// A regular expression that the sentence has to match somewhere; `^` and `$` tie it to start and end.
    pub pattern: Option<String>,
    /// Whether the sentence has to end with `.`, `!` or `?`, a closing quote or bracket behind it allowed.
    pub ends_with_stop: bool,
    /// The most sentences; any number unless given.
    pub max_sentences: Option<usize>,
    /// The fewest words; any number unless given.
    pub min_words: Option<usize>,
    /// The most words; any number unless given.
    pub max_words: Option<usize>,
    /// The most characters (Unicode scalar values, spaces included); any number unless given.
    pub max_characters: Option<usize>,
    /// The highest Flesch-Kincaid grade, in years of school; any unless given.
    pub max_grade: Option<u32>,
    /// The lowest Flesch reading ease; 60 to 70 is plain English, higher is easier; any unless given.
    pub min_reading_ease: Option<u32>,
    /// Whether a word may not follow itself ("the the").
    pub no_doubled_words: bool,
    /// Whether all numbers of one unit have to be written with the same number of decimals.
    pub consistent_decimals: bool,
    /// Whether letters may be of one script only (Latin with Cyrillic is a fault).
    pub one_script: bool,
    /// The lowest chrF against the row's references, in 0..100; any unless given.
    pub min_chrf: Option<u32>,
    /// Whether numbers are written with a decimal comma (`1.234,5`), not with a point (`1,234.5`).
    pub decimal_comma: bool,
    /// Whether `05/03/2024` is the fifth of March, not the third of May; the fifth of March unless given.
    pub day_first: Option<bool>,
    /// How far "about", "nearly" and "just over" may be from the value, in percent of it; 10 unless given.
    pub approximate_percent: Option<u32>,
    /// Whether capitalised words that are in no row are not looked for; looked for unless given.
    pub skip_unknown_names: bool,
    /// What is known of single fields of the row, by name; a field that is not listed is checked by its value's form.
    pub fields: BTreeMap<String, FieldStyle>,
}

/// How a sentence says one field of the row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FieldStyle {
    /// What its values are; unless given, told from the values themselves.
    pub kind: Option<SpokenKind>,
    /// Whether every sentence has to say it where the row has it; true unless given.
    pub required: bool,
    /// The phrases that say each value. Words are compared without case, accents and plural endings, number words are
    /// digits, and `...` stands for up to four other words. They take the place of the value's own text.
    pub phrases: BTreeMap<String, Vec<String>>,
    /// The unit of a bare number, such as `km`, `%`, `GBP`, or `fraction` for a share that is said in percent.
    pub unit: Option<String>,
    /// Whether the number is a change, so that its sign has to be said: "fell by 3%" is -3. Negative numbers always are.
    pub signed: bool,
}

impl Default for FieldStyle {
    fn default() -> Self {
        Self {
            kind: None,
            required: true,
            phrases: BTreeMap::new(),
            unit: None,
            signed: false,
        }
    }
}

/// What the values of a field are, as far as saying them goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SpokenKind {
    /// A name or other words: said by itself. Told from text.
    Name,
    /// One of a few values, so that saying another one contradicts the row. Told from listed phrases.
    Choice,
    /// A number, with a unit or without. Told from a JSON number, and from text that is a number as a whole.
    Number,
    /// A day of the calendar, or a month. Told from text of the form `2024-03-05`.
    Date,
    /// Not checked.
    Skip,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Task;

    #[test]
    fn a_style_is_written_as_it_was_read() {
        let text = "name = \"t\"\n[output]\nkind = \"sentence\"\n[output.style]\nforbidden = [\"x\"]\nmax_words = 9\n\
                    pattern = \"^A\"\n[output.style.fields.\"customer rating\"]\nkind = \"choice\"\nrequired = false\n\
                    [output.style.fields.\"customer rating\".phrases]\nlow = [\"poor\"]\n";
        let task: Task<SentenceStyle> = toml::from_str(text).unwrap();
        let field = &task.output.fields["customer rating"];
        assert_eq!((field.kind, field.required), (Some(SpokenKind::Choice), false));
        let again: Task<SentenceStyle> = toml::from_str(&toml::to_string(&task).unwrap()).unwrap();
        assert_eq!(again, task);
    }

    #[test]
    fn a_field_is_required_unless_said_and_a_misspelt_key_is_refused() {
        let style: SentenceStyle = toml::from_str("[fields.price]\nunit = \"GBP\"").unwrap();
        assert!(style.fields["price"].required && FieldStyle::default().required);
        for text in ["max_word = 3", "[fields.price]\nphrase = {}"] {
            assert!(toml::from_str::<SentenceStyle>(text).is_err(), "{text}");
        }
    }
}
