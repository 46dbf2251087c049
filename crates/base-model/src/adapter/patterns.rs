//! Values by pattern of a projection's path.

use fancy_regex::Regex;

use super::{AdapterError, ByPattern, targets::whole};

/// Patterns of one field of `adapter_config.json`, with which of them have matched.
///
/// PEFT's `get_pattern_key`: a pattern is a regular expression that must match the path to its end, from its beginning or
/// from behind a point. The first of several that match counts, in the order of the file.
pub(super) struct Patterns<'a, T> {
    patterns: Vec<Pattern<'a, T>>,
}

struct Pattern<'a, T> {
    text: &'a str,
    expression: Regex,
    value: T,
    has_matched: bool,
}

impl<'a, T: Copy + PartialEq> Patterns<'a, T> {
    pub(super) fn new(field: &'static str, values: &'a ByPattern<T>) -> Result<Self, AdapterError> {
        let patterns = values
            .iter()
            .map(|(text, &value)| {
                let expression = whole(&format!(r"(?:.*\.)?(?:{text})"), field)?;
                Ok(Pattern {
                    text,
                    expression,
                    value,
                    has_matched: false,
                })
            })
            .collect::<Result<_, AdapterError>>()?;
        Ok(Self { patterns })
    }

    /// The value for a path, if a pattern matches it.
    pub(super) fn value(&mut self, path: &str) -> Option<T> {
        let mut found = None;
        for pattern in &mut self.patterns {
            // A search that gives up has not matched.
            if pattern.expression.is_match(path).unwrap_or(false) {
                pattern.has_matched = true;
                found = found.or(Some(pattern.value));
            }
        }
        found
    }

    /// Names a pattern that matched no target.
    pub(super) fn all_matched(&self) -> Result<(), AdapterError> {
        match self.patterns.iter().find(|pattern| !pattern.has_matched) {
            Some(pattern) => Err(AdapterError::NoTarget {
                pattern: pattern.text.to_owned(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(values: &[(&str, usize)]) -> ByPattern<usize> {
        values
            .iter()
            .map(|(text, value)| ((*text).to_owned(), *value))
            .collect()
    }

    #[test]
    fn a_pattern_matches_the_end_of_a_path_from_where_a_part_begins() {
        let values = patterns(&[("q_proj", 2), (r"layers\.[01]\.mlp\..*", 3), ("v", 4)]);
        let mut patterns = Patterns::new("rank_pattern", &values).unwrap();
        assert_eq!(patterns.value("model.layers.7.self_attn.q_proj"), Some(2));
        assert_eq!(patterns.value("model.layers.1.mlp.up_proj"), Some(3));
        assert_eq!(patterns.value("model.layers.2.mlp.up_proj"), None);
        // Not "v": the part is "v_proj", and "kv" does not begin there either.
        assert_eq!(patterns.value("model.layers.2.self_attn.v_proj"), None);
        assert_eq!(patterns.value("model.kv"), None);
        assert!(matches!(patterns.all_matched(), Err(AdapterError::NoTarget { pattern }) if pattern == "v"));
    }

    #[test]
    fn the_first_of_two_patterns_counts_and_one_that_is_none_is_an_error() {
        let values = patterns(&[("q_proj", 2), (r"layers\.0\..*", 3)]);
        let mut patterns_in_order = Patterns::new("rank_pattern", &values).unwrap();
        assert_eq!(patterns_in_order.value("layers.0.q_proj"), Some(2));
        assert_eq!(patterns_in_order.value("layers.0.k_proj"), Some(3));
        let values = patterns(&[("(", 2)]);
        assert!(Patterns::new("rank_pattern", &values).is_err());
    }
}
