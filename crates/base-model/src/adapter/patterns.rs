//! Values by pattern of a projection's path.

use std::collections::BTreeMap;

use fancy_regex::Regex;

use super::{AdapterError, targets::whole};

/// Patterns of one field of `adapter_config.json`, with which of them have matched.
///
/// PEFT's `get_pattern_key`: a pattern is a regular expression that must match the path to its end, from its beginning or
/// from behind a point. PEFT takes the first of several that match, in the order of the file; here they must agree.
pub(super) struct Patterns<'a, T> {
    field: &'static str,
    patterns: Vec<Pattern<'a, T>>,
}

struct Pattern<'a, T> {
    text: &'a str,
    expression: Regex,
    value: T,
    has_matched: bool,
}

impl<'a, T: Copy + PartialEq> Patterns<'a, T> {
    pub(super) fn new(field: &'static str, values: &'a BTreeMap<String, T>) -> Result<Self, AdapterError> {
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
        Ok(Self { field, patterns })
    }

    /// The value for a path, if a pattern matches it.
    pub(super) fn value(&mut self, path: &str) -> Result<Option<T>, AdapterError> {
        let mut found: Option<(&str, T)> = None;
        for pattern in &mut self.patterns {
            // A search that gives up has not matched.
            if !pattern.expression.is_match(path).unwrap_or(false) {
                continue;
            }
            pattern.has_matched = true;
            match found {
                Some((first, value)) if value != pattern.value => {
                    return Err(AdapterError::Ambiguous {
                        field: self.field,
                        path: path.to_owned(),
                        first: first.to_owned(),
                        second: pattern.text.to_owned(),
                    });
                }
                _ => found = Some((pattern.text, pattern.value)),
            }
        }
        Ok(found.map(|(_, value)| value))
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

    fn patterns(values: &[(&str, usize)]) -> BTreeMap<String, usize> {
        values
            .iter()
            .map(|(text, value)| ((*text).to_owned(), *value))
            .collect()
    }

    #[test]
    fn a_pattern_matches_the_end_of_a_path_from_where_a_part_begins() {
        let values = patterns(&[("q_proj", 2), (r"layers\.[01]\.mlp\..*", 3), ("v", 4)]);
        let mut patterns = Patterns::new("rank_pattern", &values).unwrap();
        assert_eq!(
            patterns.value("model.layers.7.self_attn.q_proj").unwrap(),
            Some(2)
        );
        assert_eq!(patterns.value("model.layers.1.mlp.up_proj").unwrap(), Some(3));
        assert_eq!(patterns.value("model.layers.2.mlp.up_proj").unwrap(), None);
        // Not "v": the part is "v_proj", and "kv" does not begin there either.
        assert_eq!(patterns.value("model.layers.2.self_attn.v_proj").unwrap(), None);
        assert_eq!(patterns.value("model.kv").unwrap(), None);
        assert!(matches!(patterns.all_matched(), Err(AdapterError::NoTarget { pattern }) if pattern == "v"));
    }

    #[test]
    fn two_patterns_that_disagree_and_one_that_is_none_are_named() {
        let values = patterns(&[("q_proj", 2), (r"layers\.0\..*", 3)]);
        let error = Patterns::new("rank_pattern", &values)
            .unwrap()
            .value("layers.0.q_proj")
            .unwrap_err();
        assert!(error.to_string().contains("layers.0.q_proj"), "{error}");
        let values = patterns(&[("(", 2)]);
        assert!(Patterns::new("rank_pattern", &values).is_err());
    }
}
