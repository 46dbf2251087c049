//! How logs are read, in the words of a command line or a settings file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    AnswerFormat, ConfidenceScale, CsvTable, FieldPath, FieldPathError, LogFile, LogFormat, ScoresFile,
};

/// How logs are read, as the examples' and programs' options of these names say it.
///
/// ```
/// use distill_data::{LogFormat, LogOptions};
///
/// let options = LogOptions { format: "openai-chat".into(), ..LogOptions::default() };
/// let logs = options.logs(&["june.jsonl".into(), "july.jsonl".into()])?;
/// assert_eq!((logs.len(), &logs[0].format), (2, &LogFormat::OpenaiChat));
/// # Ok::<(), distill_data::LogOptionsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogOptions {
    /// One of [`LogFormat::NAMES`]. Default `jsonl`.
    pub format: String,
    /// In JSON lines the field of the question, in CSV its column: a key, dotted keys or a JSON pointer. Default `input`.
    pub input_field: String,
    /// The field or column of the answer. Default `answer`.
    pub answer_field: String,
    /// The field or column of the time of the call. Default `timestamp`.
    pub time_field: String,
    /// If answers are JSON objects: the field of the label in them. Default: they are the label and nothing else.
    pub label_field: Option<String>,
    /// The task's question, where a call asks several. Default: all of which the task knows an answer.
    pub question: Option<String>,
    /// Scores of the answers in a file beside the logs.
    pub scores: Option<PathBuf>,
    /// The name of the score that is an answer's confidence, in 0..1.
    pub confidence_score: Option<String>,
    /// The name of the score by which a person says that an answer is right.
    pub judgement_score: Option<String>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            format: "jsonl".into(),
            input_field: "input".into(),
            answer_field: "answer".into(),
            time_field: "timestamp".into(),
            label_field: None,
            question: None,
            scores: None,
            confidence_score: None,
            judgement_score: None,
        }
    }
}

/// An option that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogOptionsError {
    /// There is no such format.
    #[error("there is no log format {name:?}: name one of {}", LogFormat::NAMES.join(", "))]
    Format {
        /// What was given.
        name: String,
    },
    /// A field's place cannot be read.
    #[error("{option} is no place of a field")]
    Field {
        /// The option.
        option: &'static str,
        /// Why.
        source: FieldPathError,
    },
}

impl LogOptions {
    /// Log files that are read so.
    ///
    /// # Errors
    ///
    /// [`LogOptionsError`].
    pub fn logs(&self, paths: &[PathBuf]) -> Result<Vec<LogFile>, LogOptionsError> {
        let format = self.log_format()?;
        let scores = self.scores.as_deref().map(|path: &Path| ScoresFile {
            path: path.to_owned(),
            confidence: self.confidence_score.clone(),
            judgement: self.judgement_score.clone(),
        });
        let log = |path| LogFile {
            scores: scores.clone(),
            ..LogFile::new(path, format.clone())
        };
        Ok(paths.iter().map(log).collect())
    }

    /// The answers' format, where one was named.
    ///
    /// # Errors
    ///
    /// [`LogOptionsError::Field`].
    pub fn answer_format(&self) -> Result<Option<AnswerFormat>, LogOptionsError> {
        let Some(label) = &self.label_field else {
            return Ok(None);
        };
        Ok(Some(AnswerFormat::Json {
            label: place("label_field", label)?,
            confidence: Some(FieldPath::key("confidence")),
            scale: ConfidenceScale::Unit,
        }))
    }

    fn log_format(&self) -> Result<LogFormat, LogOptionsError> {
        let format = LogFormat::by_name(&self.format);
        let mut format = format.ok_or_else(|| LogOptionsError::Format {
            name: self.format.clone(),
        })?;
        if let LogFormat::Jsonl(map) | LogFormat::Csv(CsvTable { fields: map, .. }) = &mut format {
            map.input = place("input_field", &self.input_field)?;
            map.answer = place("answer_field", &self.answer_field)?;
            map.time = place("time_field", &self.time_field)?;
        }
        Ok(match &self.question {
            Some(question) => format.with_question(question),
            None => format,
        })
    }
}

fn place(option: &'static str, field: &str) -> Result<FieldPath, LogOptionsError> {
    FieldPath::new(field).map_err(|source| LogOptionsError::Field { option, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldMap;

    #[test]
    fn the_defaults_are_those_of_the_formats() {
        let logs = LogOptions::default().logs(&["log.jsonl".into()]).unwrap();
        assert_eq!(
            logs,
            [LogFile::new("log.jsonl", LogFormat::Jsonl(FieldMap::default()))]
        );
        for name in LogFormat::NAMES {
            let options = LogOptions {
                format: name.into(),
                ..LogOptions::default()
            };
            let found = options.logs(&["log".into()]).unwrap();
            assert_eq!(Some(&found[0].format), LogFormat::by_name(name).as_ref());
        }
    }

    #[test]
    fn every_option_arrives_and_a_wrong_one_is_named() {
        let options = LogOptions {
            format: "csv".into(),
            input_field: "text".into(),
            label_field: Some("/label".into()),
            scores: Some("scores.jsonl".into()),
            confidence_score: Some("sure".into()),
            ..LogOptions::default()
        };
        let log = options.logs(&["log.csv".into()]).unwrap().swap_remove(0);
        let LogFormat::Csv(table) = &log.format else {
            panic!("{log:?}");
        };
        assert_eq!(table.fields.input, FieldPath::key("text"));
        assert_eq!(log.scores.unwrap().confidence.as_deref(), Some("sure"));
        assert!(matches!(
            options.answer_format(),
            Ok(Some(AnswerFormat::Json { .. }))
        ));
        let options = LogOptions {
            format: "xml".into(),
            ..LogOptions::default()
        };
        let error = options.logs(&[]).unwrap_err().to_string();
        assert!(
            error.contains("\"xml\"") && error.contains("openai-chat"),
            "{error}"
        );
    }
}
