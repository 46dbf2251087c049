//! What "right" looks like, written down.

use serde::{Deserialize, Serialize};

use crate::{FieldSchema, Label, LabelSet, LabelSetError, Message, SentenceStyle};

/// A task, as `task.toml` holds it.
///
/// The type says what its answers are: a `Task` has labels, a `Task<FieldSchema>` fields, a `Task<SentenceStyle>`
/// sentences, and a `Task<Output>` any of them, for programs that take every kind. A file of another kind than the
/// type is an error that names both.
///
/// ```
/// use task_spec::{FieldSchema, Output, Task};
///
/// let task: Task = toml::from_str(r#"
///     name = "transaction-category"
///     system = "Sort the card transaction into one category."
///
///     [output]
///     kind = "labels"
///     labels = [{ name = "groceries" }, { name = "eating-out", aliases = ["restaurants"] }]
/// "#)?;
/// assert_eq!(task.labels().len(), 2);
///
/// let fields: Task<FieldSchema> = toml::from_str(r#"
///     name = "receipts"
///
///     [output]
///     kind = "fields"
///     fields = [{ name = "company" }, { name = "total", kind = "money" }]
/// "#)?;
/// let any: Task<Output> = fields.into();
/// assert_eq!(any.output.kind(), "fields");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "RawTask",
    into = "RawTask",
    bound(
        serialize = "A: Clone + Into<Output>",
        deserialize = "A: TryFrom<Output>, TaskError: From<A::Error>"
    )
)]
pub struct Task<A = LabelSet> {
    /// A short name, made of ASCII letters, digits, `-`, `_` and `.`: it becomes part of file names.
    pub name: String,
    /// The system prompt with which the teacher was asked and with which a decoder is trained and served.
    pub system: Option<String>,
    /// What an answer may be.
    pub output: A,
}

/// What an answer may be, of whatever kind: the `output` of `task.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Output {
    /// One label of a fixed set.
    Labels {
        /// The set.
        labels: LabelSet,
    },
    /// Fields pulled off a document, each with a value or without.
    Fields {
        /// The fields.
        fields: FieldSchema,
    },
    /// A sentence that says what a row holds.
    Sentence {
        /// What a sentence has to keep to.
        #[serde(default)]
        style: SentenceStyle,
    },
}

impl Output {
    /// The kind as `task.toml` names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Labels { .. } => "labels",
            Self::Fields { .. } => "fields",
            Self::Sentence { .. } => "sentence",
        }
    }
}

impl From<LabelSet> for Output {
    fn from(labels: LabelSet) -> Self {
        Self::Labels { labels }
    }
}

impl From<FieldSchema> for Output {
    fn from(fields: FieldSchema) -> Self {
        Self::Fields { fields }
    }
}

impl From<SentenceStyle> for Output {
    fn from(style: SentenceStyle) -> Self {
        Self::Sentence { style }
    }
}

impl TryFrom<Output> for LabelSet {
    type Error = TaskError;

    fn try_from(output: Output) -> Result<Self, TaskError> {
        match output {
            Output::Labels { labels } => Ok(labels),
            other => Err(TaskError::kind("labels", &other)),
        }
    }
}

impl TryFrom<Output> for FieldSchema {
    type Error = TaskError;

    fn try_from(output: Output) -> Result<Self, TaskError> {
        match output {
            Output::Fields { fields } => Ok(fields),
            other => Err(TaskError::kind("fields", &other)),
        }
    }
}

impl TryFrom<Output> for SentenceStyle {
    type Error = TaskError;

    fn try_from(output: Output) -> Result<Self, TaskError> {
        match output {
            Output::Sentence { style } => Ok(style),
            other => Err(TaskError::kind("sentence", &other)),
        }
    }
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
    /// The task's answers are of another kind than what it is used for.
    #[error("the task's output is of the kind {found:?}, and {expected:?} is needed here")]
    Kind {
        /// The kind that is needed.
        expected: &'static str,
        /// The kind in the task.
        found: &'static str,
    },
}

impl TaskError {
    fn kind(expected: &'static str, found: &Output) -> Self {
        Self::Kind {
            expected,
            found: found.kind(),
        }
    }
}

/// A task of any kind is what any output is turned into: this conversion has no error to pass on.
impl From<std::convert::Infallible> for TaskError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// A task before its name and its kind are checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTask {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    output: Output,
}

impl<A> TryFrom<RawTask> for Task<A>
where
    A: TryFrom<Output>,
    TaskError: From<A::Error>,
{
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
            output: A::try_from(raw.output)?,
        })
    }
}

impl<A: Into<Output>> From<Task<A>> for RawTask {
    fn from(task: Task<A>) -> Self {
        Self {
            name: task.name,
            system: task.system,
            output: task.output.into(),
        }
    }
}

impl From<Task> for Task<Output> {
    fn from(task: Task) -> Self {
        task.map_output(Output::from)
    }
}

impl From<Task<FieldSchema>> for Task<Output> {
    fn from(task: Task<FieldSchema>) -> Self {
        task.map_output(Output::from)
    }
}

impl From<Task<SentenceStyle>> for Task<Output> {
    fn from(task: Task<SentenceStyle>) -> Self {
        task.map_output(Output::from)
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
            output: LabelSet::new(labels)?,
        })
    }

    /// The legal answers.
    #[must_use]
    pub fn labels(&self) -> &LabelSet {
        &self.output
    }
}

impl<A> Task<A> {
    /// Sets the system prompt.
    #[must_use]
    pub fn with_system(mut self, system: impl Into<String>) -> Self {
        self.system = Some(system.into());
        self
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

    fn map_output<B>(self, change: impl FnOnce(A) -> B) -> Task<B> {
        Task {
            name: self.name,
            system: self.system,
            output: change(self.output),
        }
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
    fn a_file_of_another_kind_is_refused_and_one_of_any_kind_is_read() {
        let text =
            "name = \"t\"\n[output]\nkind = \"fields\"\nfields = [{ name = \"total\", kind = \"money\" }]";
        let error = toml::from_str::<Task>(text).unwrap_err().to_string();
        assert!(
            error.contains("\"fields\"") && error.contains("\"labels\""),
            "{error}"
        );
        let any: Task<Output> = toml::from_str(text).unwrap();
        let fields: Task<FieldSchema> = toml::from_str(&toml::to_string(&any).unwrap()).unwrap();
        assert_eq!(Task::<Output>::from(fields), any);
        let sentence: Task<SentenceStyle> =
            toml::from_str("name = \"t\"\n[output]\nkind = \"sentence\"").unwrap();
        assert_eq!(sentence.output, SentenceStyle::default());
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
