//! Which modules are adapted, by PEFT's own rules.

use fancy_regex::Regex;
use serde::{Deserialize, Serialize};

use super::{AdapterConfig, AdapterError};
use crate::{ConfigError, ModuleKind, Slot};

/// Modules by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Targets {
    /// Every linear layer but the output head (`"all-linear"`).
    AllLinear,
    /// A name matches a path that equals it or ends in `.` and it.
    Names(Vec<String>),
    /// A regular expression of the whole path.
    Pattern(String),
}

/// As `adapter_config.json` has it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Several(Vec<String>),
}

impl From<Written> for Targets {
    fn from(written: Written) -> Self {
        match written {
            // PEFT lowers it.
            Written::One(name) if name.eq_ignore_ascii_case("all-linear") => Self::AllLinear,
            Written::One(pattern) => Self::Pattern(pattern),
            Written::Several(names) => names.into(),
        }
    }
}

impl From<Targets> for Written {
    fn from(targets: Targets) -> Self {
        match targets {
            Targets::AllLinear => Self::One("all-linear".to_owned()),
            Targets::Pattern(pattern) => Self::One(pattern),
            Targets::Names(names) => Self::Several(names),
        }
    }
}

impl From<Vec<String>> for Targets {
    /// Names, or all linear layers if the one name is `all-linear`.
    fn from(names: Vec<String>) -> Self {
        match names.as_slice() {
            [one] if one.eq_ignore_ascii_case("all-linear") => Self::AllLinear,
            _ => Self::Names(names),
        }
    }
}

impl std::fmt::Display for Targets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AllLinear => f.write_str("all-linear"),
            Self::Names(names) => f.write_str(&names.join(", ")),
            Self::Pattern(pattern) => f.write_str(pattern),
        }
    }
}

/// What an adapter does with a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    Frozen,
    /// Adds a low-rank change.
    Target,
    /// Replaces it.
    Saved,
}

/// One of the names or patterns that choose modules, with how it matches.
struct Rule<'a> {
    text: &'a str,
    form: Form,
}

enum Form {
    AllLinear,
    Name,
    Pattern(Regex),
}

impl Rule<'_> {
    fn matches(&self, slot: &Slot, path: &str) -> bool {
        match &self.form {
            Form::AllLinear => slot.kind == ModuleKind::Linear && slot.path != crate::decoder::HEAD,
            Form::Name => ends_with_part(path, self.text),
            // A search that gives up has not matched.
            Form::Pattern(expression) => expression.is_match(path).unwrap_or(false),
        }
    }
}

impl Targets {
    fn rules(&self) -> Result<Vec<Rule<'_>>, AdapterError> {
        Ok(match self {
            Self::AllLinear => vec![Rule {
                text: "all-linear",
                form: Form::AllLinear,
            }],
            Self::Names(names) => names
                .iter()
                .map(|text| Rule {
                    text,
                    form: Form::Name,
                })
                .collect(),
            Self::Pattern(text) => vec![Rule {
                text,
                form: Form::Pattern(whole(text, "target_modules")?),
            }],
        })
    }
}

impl AdapterConfig {
    /// What the adapter does with every slot; `paths` are the slots' paths in the task model.
    ///
    /// # Errors
    ///
    /// [`AdapterError::NoTarget`] if a pattern or a module to save matches nothing, and with `is_strict` also
    /// [`AdapterError::PartialTarget`] if a name that speaks of no layer in particular matches only some layers.
    pub(super) fn roles(
        &self,
        slots: &[Slot],
        paths: &[String],
        is_strict: bool,
    ) -> Result<Vec<Role>, AdapterError> {
        let no_target = |pattern: &str| AdapterError::NoTarget {
            pattern: pattern.to_owned(),
        };
        let mut roles = vec![Role::Frozen; slots.len()];
        for name in &self.modules_to_save {
            let mut has_matched = false;
            for (role, path) in roles.iter_mut().zip(paths) {
                if is_or_holds(path, name) {
                    *role = Role::Saved;
                    has_matched = true;
                }
            }
            // The label head is no module of the base; PEFT lists both of its names whatever the model.
            if !has_matched && !["classifier", "score"].contains(&name.as_str()) {
                return Err(no_target(name));
            }
        }
        let excluded = match &self.exclude_modules {
            None => Vec::new(),
            Some(targets) => targets.rules()?,
        };
        let rules = self.target_modules.rules()?;
        if rules.is_empty() {
            return Err(no_target(""));
        }
        for rule in rules {
            // What matches and is excluded or saved whole is left as it is, and matches all the same.
            let mut matched = Vec::new();
            for (index, (slot, path)) in slots.iter().zip(paths).enumerate() {
                if !slot.is_in_base || !rule.matches(slot, path) {
                    continue;
                }
                matched.push(path.as_str());
                let is_chosen = roles[index] != Role::Saved
                    && !excluded.iter().any(|rule| rule.matches(slot, path))
                    && self.is_in_chosen_layer(path);
                if is_chosen {
                    roles[index] = Role::Target;
                }
            }
            if matched.is_empty() {
                return Err(no_target(rule.text));
            }
            if is_strict && self.layers_to_transform.is_none() {
                all_layers(&rule, &matched, paths)?;
            }
        }
        if !roles.contains(&Role::Target) {
            return Err(no_target(&self.target_modules.to_string()));
        }
        let adapts_norm =
            |(slot, role): (&Slot, &Role)| slot.kind == ModuleKind::Norm && *role == Role::Target;
        match slots.iter().zip(&roles).find(|&pair| adapts_norm(pair)) {
            // As PEFT, which has no low-rank change of a vector.
            Some((slot, _)) => Err(no_target(&slot.path)),
            None => Ok(roles),
        }
    }

    /// Whether `layers_to_transform` allows a path.
    fn is_in_chosen_layer(&self, path: &str) -> bool {
        let Some(chosen) = &self.layers_to_transform else {
            return true;
        };
        let named = |(list, _): &(&str, usize)| {
            self.layers_pattern.is_empty() || self.layers_pattern.iter().any(|name| name == list)
        };
        let layer = numbered_parts(path).find(named);
        layer.is_some_and(|(_, layer)| chosen.contains(&layer))
    }
}

/// The numbers in a path, each with the name of the list before it.
fn numbered_parts(path: &str) -> impl Iterator<Item = (&str, usize)> {
    let parts = path.split('.');
    parts
        .clone()
        .zip(parts.skip(1))
        .filter_map(|(list, part)| Some((list, part.parse().ok()?)))
}

/// The number of the layer that a path leads into.
fn layer_of(path: &str) -> Option<usize> {
    numbered_parts(path).next().map(|(_, layer)| layer)
}

/// Refuses a rule without a number in it that matches in some layers and not in others.
fn all_layers(rule: &Rule<'_>, matched: &[&str], paths: &[String]) -> Result<(), AdapterError> {
    let layers = paths
        .iter()
        .filter_map(|path| layer_of(path))
        .max()
        .map_or(0, |last| last + 1);
    let mut found: Vec<usize> = matched.iter().filter_map(|path| layer_of(path)).collect();
    found.sort_unstable();
    found.dedup();
    let speaks_of_layers = rule.text.contains(|c: char| c.is_ascii_digit());
    if found.is_empty() || found.len() == layers || speaks_of_layers {
        return Ok(());
    }
    Err(AdapterError::PartialTarget {
        pattern: rule.text.to_owned(),
        matched: found.len(),
        layers,
    })
}

/// Whether a path equals a name or ends in `.` and it.
fn ends_with_part(path: &str, name: &str) -> bool {
    path.strip_suffix(name)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a module to save is meant by a name, or lies in one that is: PEFT takes every module whose path ends in it.
fn is_or_holds(path: &str, name: &str) -> bool {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    !name.is_empty() && ends.into_iter().any(|end| path[..end].ends_with(name))
}

/// A regular expression that must match a path from beginning to end.
pub(super) fn whole(text: &str, field: &'static str) -> Result<Regex, AdapterError> {
    Regex::new(&format!(r"\A(?:{text})\z")).map_err(|_| {
        AdapterError::Config(ConfigError::Unsupported {
            field: field.to_owned(),
            found: text.to_owned(),
            supported: "regular expressions",
        })
    })
}

#[cfg(test)]
mod tests;
