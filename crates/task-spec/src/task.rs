//! What "right" looks like, written down.

use serde::{Deserialize, Serialize};

use crate::{Label, LabelSet, LabelSetError, Message};

/// A task, as `task.toml` holds it.
///
/// ```
/// let task: task_spec::Task = toml::from_str(r#"
///     name = "transaction-category"
///     system = "Sort the card transaction into one category."
///
///     [output]
///     kind = "labels"
///     labels = [{ name = "groceries" }, { name = "eating-out", aliases = ["restaurants"] }]
/// "#)?;
/// assert_eq!(task.labels().len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawTask")]
pub struct Task {
    /// A short name, made of ASCII letters, digits, `-`, `_` and `.`: it becomes part of file names.
    pub name: String,
    /// The system prompt with which the teacher was asked and with which a decoder is trained and served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// What an answer may be.
    pub output: Output,
}

/// What an answer may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Output {
    /// One label of a fixed set.
    Labels {
        /// The set.
        labels: LabelSet,
    },
}

/// Why a task is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The name would not do as part of a file name.
    #[error(
        "task name {name:?} is not made of ASCII letters, digits, '-', '_' and '.' starting with a letter or digit"
    )]
    Name {
        /// The name as written.
        name: String,
    },
}

/// A task before its name is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTask {
    name: String,
    #[serde(default)]
    system: Option<String>,
    output: Output,
}

impl TryFrom<RawTask> for Task {
    type Error = TaskError;

    fn try_from(raw: RawTask) -> Result<Self, TaskError> {
        let legal = raw
            .name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && raw.name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !legal {
            return Err(TaskError::Name { name: raw.name });
        }
        Ok(Self {
            name: raw.name,
            system: raw.system,
            output: raw.output,
        })
    }
}

impl Task {
    /// A task whose answers are labels.
    ///
    /// # Errors
    ///
    /// [`LabelSetError`] if the labels are no label set.
    pub fn of_labels(name: impl Into<String>, labels: Vec<Label>) -> Result<Self, LabelSetError> {
        Ok(Self {
            name: name.into(),
            system: None,
            output: Output::Labels {
                labels: LabelSet::new(labels)?,
            },
        })
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
    }

    /// The legal answers.
    #[must_use]
    pub fn labels(&self) -> &LabelSet {
        let Output::Labels { labels } = &self.output;
        labels
    }

    /// The chat that asks about `input`: the system prompt, if there is one, and the input as the user's turn.
    ///
    /// Training, evaluation and serving all ask through this, so that what is trained is what is served.
    #[must_use]
    pub fn prompt(&self, input: &str) -> Vec<Message> {
        self.system
            .iter()
            .map(Message::system)
            .chain(std::iter::once(Message::user(input)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toml_round_trip() {
        let task = Task::of_labels("demo", vec![Label::new("a").with_alias("x"), Label::new("b")])
            .unwrap()
            .with_system("Choose.");
        let text = toml::to_string(&task).unwrap();
        assert_eq!(toml::from_str::<Task>(&text).unwrap(), task);
    }

    #[test]
    fn an_unknown_kind_or_key_is_named() {
        let error = toml::from_str::<Task>("name = \"t\"\n[output]\nkind = \"essay\"")
            .unwrap_err()
            .to_string();
        assert!(error.contains("essay"), "{error}");
        let error = toml::from_str::<Task>(
            "name = \"t\"\nprompt = \"p\"\n[output]\nkind = \"labels\"\nlabels = [{name=\"a\"},{name=\"b\"}]",
        )
        .unwrap_err()
        .to_string();
        assert!(error.contains("prompt"), "{error}");
    }

    #[test]
    fn a_name_that_could_leave_its_folder_is_refused() {
        for name in ["../up", "", ".hidden", "a/b", "a b"] {
            let text = format!(
                "name = {name:?}\n[output]\nkind = \"labels\"\nlabels = [{{name=\"a\"}},{{name=\"b\"}}]"
            );
            assert!(toml::from_str::<Task>(&text).is_err(), "{name:?} was accepted");
        }
    }

    #[test]
    fn the_prompt_is_the_system_turn_and_the_input() {
        let task = Task::of_labels("demo", vec![Label::new("a"), Label::new("b")]).unwrap();
        assert_eq!(task.prompt("hi"), vec![Message::user("hi")]);
        assert_eq!(
            task.with_system("s").prompt("hi"),
            vec![Message::system("s"), Message::user("hi")]
        );
    }
}
