//! A simulated teacher: what a large hosted model would have answered.

use serde::{Deserialize, Serialize};
use task_spec::{LabelSet, Task};

use crate::{Confusions, Transaction, dice::Dice};

/// How the teacher errs. Every share is a probability in 0..1.
///
/// Each text is either hard or easy for the teacher, for good. On a hard text it errs often and differently from ask
/// to ask, which its confidence half betrays; on an easy one it rarely errs. Apart from that it has habits: merchants
/// that it gets wrong each time, as sure as ever. No filter can see a habit, so they are few.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TeacherConfig {
    /// Seeds every answer.
    pub seed: u64,
    /// The dated model id that the log names.
    pub model: String,
    /// How many texts of ordinary hardness are hard. Default 0.11.
    pub hard: f64,
    /// The chance of an error on a hard text. Default 0.36.
    pub error_if_hard: f64,
    /// The chance of an error on an easy text of ordinary hardness. Default 0.013.
    pub error_if_easy: f64,
    /// How many merchants of at least ordinary hardness the teacher always gets wrong. Default 0.009.
    pub habits: f64,
    /// Of the errors that are no habit, how many are answers outside the label set. Default 0.22.
    pub invented: f64,
    /// How many answers spell the label in another case or with spaces, which still means it. Default 0.004.
    pub respelt: f64,
    /// How many calls are refused. Default 0.001.
    pub refused: f64,
    /// How many answers break off at the token limit. Default 0.001.
    pub cut_off: f64,
    /// How loosely the reported confidence follows the hardness of the text, in standard deviations: 0 tells hard
    /// from easy exactly, large values tell nothing. Default 0.48.
    pub vagueness: f64,
}

impl Default for TeacherConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            model: "frontier-large-2025-05-14".to_owned(),
            hard: 0.11,
            error_if_hard: 0.36,
            error_if_easy: 0.013,
            habits: 0.009,
            invented: 0.22,
            respelt: 0.004,
            refused: 0.001,
            cut_off: 0.001,
            vagueness: 0.48,
        }
    }
}

/// Why a [`TeacherConfig`] cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TeacherConfigError {
    /// A share is no probability.
    #[error("teacher setting {key} is {value}: it must be a probability in 0..1")]
    Share {
        /// The setting.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// The vagueness is negative or not a number.
    #[error("teacher setting vagueness is {value}: it must be 0 or more")]
    Vagueness {
        /// Its value.
        value: f64,
    },
    /// The confusions are for another label set.
    #[error(
        "the confusions cover {confusions} labels, the task has {labels}: make them from the task's labels"
    )]
    Confusions {
        /// How many labels the confusions cover.
        confusions: usize,
        /// How many labels the task has.
        labels: usize,
    },
}

/// One question to the teacher, with what only the simulation knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case<'a> {
    /// The question.
    pub text: &'a str,
    /// The right answer, by its index in the label set.
    pub label: usize,
    /// What the teacher's habits attach to: the merchant, or the text itself where there is none.
    pub source: &'a str,
    /// How much likelier a mistake is than on an ordinary text; 1 is ordinary, less is a text that everybody knows.
    pub hardness: f64,
}

impl Transaction {
    /// The question that the teacher is asked about this line.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        Case {
            text: &self.text,
            label: self.category as usize,
            source: &self.merchant,
            hardness: self.traits.hardness(),
        }
    }
}

/// What the teacher said.
#[derive(Debug, Clone, PartialEq)]
pub struct TeacherAnswer {
    /// The message, as in a chat completion; `None` with a refusal.
    pub content: Option<String>,
    /// Why it would not answer.
    pub refusal: Option<String>,
    /// `stop`, or `length` where the answer broke off.
    pub finish_reason: &'static str,
    /// The category it named, in its own words; `None` where the message holds no whole answer.
    pub said: Option<String>,
    /// How sure it claims to be, in 0..1.
    pub confidence: Option<f64>,
}

impl TeacherAnswer {
    /// Whether the answer means the label at `index`.
    #[must_use]
    pub fn means(&self, index: usize, labels: &LabelSet) -> bool {
        self.said.as_deref().and_then(|said| labels.resolve(said)) == Some(index)
    }
}

/// The message of an answer.
#[derive(Serialize)]
struct Content<'a> {
    category: &'a str,
    confidence: f64,
}

/// A simulated teacher of one task.
///
/// An answer depends on the seed, the text and the number of the ask, and on nothing else.
#[derive(Debug)]
pub struct Teacher {
    config: TeacherConfig,
    labels: LabelSet,
    confusions: Confusions,
}

impl TeacherConfig {
    /// The teacher with these settings.
    ///
    /// # Errors
    ///
    /// [`TeacherConfigError`] if a share is no probability or the confusions are for another label set.
    pub fn check(self, task: &Task, confusions: Confusions) -> Result<Teacher, TeacherConfigError> {
        for (key, value) in [
            ("hard", self.hard),
            ("error_if_hard", self.error_if_hard),
            ("error_if_easy", self.error_if_easy),
            ("habits", self.habits),
            ("invented", self.invented),
            ("respelt", self.respelt),
            ("refused", self.refused),
            ("cut_off", self.cut_off),
        ] {
            if !(0.0..=1.0).contains(&value) {
                return Err(TeacherConfigError::Share { key, value });
            }
        }
        if self.vagueness.is_nan() || self.vagueness < 0.0 {
            return Err(TeacherConfigError::Vagueness {
                value: self.vagueness,
            });
        }
        if confusions.len() != task.labels().len() {
            return Err(TeacherConfigError::Confusions {
                confusions: confusions.len(),
                labels: task.labels().len(),
            });
        }
        Ok(Teacher {
            config: self,
            labels: task.labels().clone(),
            confusions,
        })
    }
}

impl Teacher {
    /// The teacher of the main example.
    #[must_use]
    pub fn of_transactions(seed: u64) -> Self {
        Self {
            config: TeacherConfig {
                seed,
                ..TeacherConfig::default()
            },
            labels: crate::task().labels().clone(),
            confusions: Confusions::of_transactions(),
        }
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &TeacherConfig {
        &self.config
    }

    /// Answers a question. The same `ask` gives the same answer; another may give another.
    ///
    /// # Panics
    ///
    /// If the case's label is not in the task's label set.
    #[must_use]
    pub fn answer(&self, case: Case<'_>, ask: u64) -> TeacherAnswer {
        assert!(
            case.label < self.labels.len(),
            "label {} of {} labels",
            case.label,
            self.labels.len()
        );
        let mut dice = Dice::new(self.config.seed, &format!("ask/{}", case.text), ask);
        if dice.chance(self.config.refused) {
            return TeacherAnswer {
                content: None,
                refusal: Some("I'm sorry, but I can't help with that.".to_owned()),
                finish_reason: "stop",
                said: None,
                confidence: None,
            };
        }
        let difficulty = self.difficulty(case);
        let said = self.category(case, &difficulty, &mut dice);
        let confidence = self.confidence(&difficulty, &mut dice);
        let content = serde_json::to_string(&Content {
            category: &said,
            confidence,
        })
        .expect("a name and a finite number are always JSON");
        if dice.chance(self.config.cut_off) {
            // Behind the opening of the object and inside the name, whose first letters are ASCII.
            let end = r#"{"category":""#.len() + dice.below(4);
            return TeacherAnswer {
                content: Some(content.chars().take(end).collect()),
                refusal: None,
                finish_reason: "length",
                said: None,
                confidence: None,
            };
        }
        TeacherAnswer {
            content: Some(content),
            refusal: None,
            finish_reason: "stop",
            said: Some(said),
            confidence: Some(confidence),
        }
    }

    /// What a text is to this teacher, whenever it is asked.
    fn difficulty(&self, case: Case<'_>) -> Difficulty {
        let mistakes = self.confusions.on(case.label);
        let factor = case.hardness * mistakes.slip;
        let mut habit = Dice::new(
            self.config.seed,
            &format!("habit/{}", case.source),
            case.label as u64,
        );
        // What everybody knows is never got wrong out of habit.
        if case.hardness >= 1.0 && habit.chance(self.config.habits) {
            return Difficulty::Habit(*habit.pick_weighted(&mistakes.instead));
        }
        let mut text = Dice::new(
            self.config.seed,
            &format!("text/{}", case.text),
            case.label as u64,
        );
        let favourite = *text.pick_weighted(&mistakes.instead);
        if text.chance((self.config.hard * factor).min(0.6)) {
            Difficulty::Hard { favourite }
        } else {
            Difficulty::Easy {
                favourite,
                error: (self.config.error_if_easy * factor).min(0.1),
            }
        }
    }

    fn category(&self, case: Case<'_>, difficulty: &Difficulty, dice: &mut Dice) -> String {
        let mistakes = self.confusions.on(case.label);
        let name = |index: usize| self.labels.name(index).unwrap_or_default().to_owned();
        let (favourite, error) = match *difficulty {
            Difficulty::Habit(wrong) => return name(wrong),
            Difficulty::Hard { favourite } => (favourite, self.config.error_if_hard),
            Difficulty::Easy { favourite, error } => (favourite, error),
        };
        if !dice.chance(error) {
            let right = name(case.label);
            return if dice.chance(self.config.respelt) {
                respell(&right, dice)
            } else {
                right
            };
        }
        if dice.chance(self.config.invented) {
            return dice.pick(&mistakes.invented).clone();
        }
        // A text is mostly taken for the same thing.
        if dice.chance(0.7) {
            name(favourite)
        } else {
            name(*dice.pick_weighted(&mistakes.instead))
        }
    }

    /// A round number near the top, lower where the text feels hard.
    fn confidence(&self, difficulty: &Difficulty, dice: &mut Dice) -> f64 {
        const STEPS: [f64; 10] = [0.99, 0.98, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8, 0.7, 0.6];
        let hardness = match difficulty {
            Difficulty::Hard { .. } => 1.0,
            Difficulty::Easy { .. } | Difficulty::Habit(_) => 0.0,
        };
        // The sum of twelve uniforms less six is close enough to a normal, and the same on every platform.
        let noise: f64 = (0..12).map(|_| dice.unit()).sum::<f64>() - 6.0;
        let doubt = hardness + self.config.vagueness * noise;
        let step = ((doubt + 0.35) * 3.0).max(0.0) as usize;
        STEPS[step.min(STEPS.len() - 1)]
    }
}

/// What a text is to a teacher.
enum Difficulty {
    /// Its merchant is always taken for this label.
    Habit(usize),
    /// It may be taken for the favourite, or something else.
    Hard { favourite: usize },
    /// It is rarely mistaken.
    Easy { favourite: usize, error: f64 },
}

/// The label as a person might type it: it still means the same.
fn respell(name: &str, dice: &mut Dice) -> String {
    let spaced = name.replace(['-', '_'], " ");
    match dice.below(3) {
        0 => spaced,
        1 => name.to_uppercase(),
        _ => {
            let mut letters = name.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect())
                .unwrap_or_default()
        }
    }
}

#[cfg(test)]
mod tests;
