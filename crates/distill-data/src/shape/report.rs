//! What is found of the workloads in some logs.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{
    account, balance::CallTokens, balance::MonthlyBalance, config::ShapeConfig, fields::FieldShape, page,
    traffic::TrafficShape, unseen::UnseenShare,
};

/// The workloads in some logs, those with the most to save first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeReport {
    /// The version of this crate.
    pub version: String,
    /// The rules by which texts were normalised.
    pub normaliser: String,
    /// The settings, prices among them.
    pub settings: ShapeConfig,
    /// The logs, in the order in which they were given.
    pub logs: Vec<String>,
    /// Lines read, blank ones left out.
    pub lines: u64,
    /// Of those, lines that could not be read, by kind of damage.
    pub damaged: BTreeMap<String, u64>,
    /// Of those, lines that are something else than a call of a model, by what they are.
    pub lines_without_call: BTreeMap<String, u64>,
    /// Calls.
    pub calls: u64,
    /// Calls of prompts that are none of the workloads below: too few calls each.
    pub other_calls: u64,
    /// Fields beside question and answer that held something which cannot be, with how often; they count as unknown.
    pub malformed_metadata: BTreeMap<String, u64>,
    /// The workloads.
    pub workloads: Vec<WorkloadShape>,
}

impl ShapeReport {
    /// The report as one page: nothing is fetched, and it is below 1 MB whatever the logs hold.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::of(self)
    }
}

impl fmt::Display for ShapeReport {
    /// The report for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        account::write(self, f)
    }
}

/// One workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadShape {
    /// By what it is told from the others.
    pub prompt: PromptShape,
    /// Calls, those without an answer among them.
    pub calls: u64,
    /// Calls without an answer, by kind.
    pub unanswered: BTreeMap<String, u64>,
    /// Calls by the model that answered, as the log names it; at most 20, the rest under `others`.
    pub models: BTreeMap<String, u64>,
    /// The answers.
    pub answers: AnswersShape,
    /// The fields of answers that are JSON objects, if most are.
    pub fields: Vec<FieldShape>,
    /// The questions.
    pub inputs: InputsShape,
    /// When the calls were, if the log says so.
    pub traffic: Option<TrafficShape>,
    /// What a call takes in the mean.
    pub tokens: CallTokens,
    /// The mean time from request to answer in milliseconds, where the log has it.
    pub latency_ms: Option<f64>,
    /// What the answers are.
    pub kind: AnswersKind,
    /// The rules by which that and the verdict were found.
    pub rules: Vec<ShapeRule>,
    /// What each way to serve costs; `None` where the volume is unknown.
    pub balance: Option<MonthlyBalance>,
    /// What to do.
    pub verdict: ShapeVerdict,
    /// Why, in sentences.
    pub reasons: Vec<String>,
    /// What it takes to tell, where it cannot be told.
    pub missing: Vec<String>,
}

impl WorkloadShape {
    /// What following the verdict saves a month, upkeep paid.
    #[must_use]
    pub fn net_saving(&self) -> f64 {
        match (&self.balance, self.verdict) {
            (Some(balance), ShapeVerdict::UseHostedDecision) => balance.hosted_decision.net,
            (Some(balance), ShapeVerdict::OwnSmallModel) => balance.owned.net,
            _ => 0.0,
        }
    }
}

/// By what a workload is told from the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptShape {
    /// The name of the question, where a call asks several.
    pub question: Option<String>,
    /// What is fixed.
    pub kind: PromptKind,
    /// The beginning of the most frequent instructions, or the words with which the messages begin or end.
    pub excerpt: String,
    /// How many different instructions there are, digits apart; estimated where there are many.
    pub distinct: f64,
}

/// What is fixed in the prompts of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PromptKind {
    /// The instructions, or most of their sentences.
    Instructions,
    /// Words around the question in the message.
    Template,
    /// Nothing.
    Free,
}

/// What the answers of a workload are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AnswersKind {
    /// Chosen from a set that is small and no longer grows; of JSON objects, every field is.
    Choice,
    /// JSON objects without free text: fields are chosen, copied from the question, or short.
    Record,
    /// Text that is written anew.
    Text,
    /// Too few to tell.
    Unclear,
}

impl AnswersKind {
    /// The kind in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Choice => "a choice among few answers",
            Self::Record => "a record of short fields",
            Self::Text => "free text",
            Self::Unclear => "not clear yet",
        }
    }
}

/// The answers of a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnswersShape {
    /// Answered calls.
    pub calls: u64,
    /// Distinct answers after the normaliser.
    pub distinct: f64,
    /// Whether they were all counted; else what is said of them is estimated from a sample.
    pub exact: bool,
    /// The entropy of the answers, in bits: 2 to this power is the number of equally frequent answers that would be as hard to
    /// guess.
    pub entropy_bits: f64,
    /// The most frequent answers, at most 20, with how often each came.
    pub top: Vec<AnswerCount>,
    /// By k, the share of the calls that got one of the k most frequent answers, in 0..=1.
    pub covered_by_top: BTreeMap<u64, f64>,
    /// How many of the most frequent answers cover 95% of the calls; `None` if more than were counted.
    pub cover_95: Option<u64>,
    /// Distinct answers that came fewer than 20 times: too rarely to learn, or to test.
    pub rare: f64,
    /// The share of the calls that got one of them, in 0..=1.
    pub rare_calls: f64,
    /// The share of future calls whose answer has never come before.
    pub unseen: Option<UnseenShare>,
    /// Distinct answers after so many calls, in the mean over all orders.
    pub accumulation: Vec<(u64, f64)>,
    /// What the last days of the log brought, where all calls have times.
    pub last_tenth: Option<NewAnswers>,
    /// The share of answers that are JSON objects, in 0..=1.
    pub json: f64,
    /// The most answers that a call offered to choose from, if all calls did.
    pub offered: Option<u64>,
}

/// An answer with how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerCount {
    /// Its beginning, in the first of its spellings.
    pub answer: String,
    /// How often it came, at least.
    pub calls: u64,
}

/// Answers that came for the first time at the end of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAnswers {
    /// The first of the last days on which at least a tenth of the calls were.
    pub since: String,
    /// Calls from then on.
    pub calls: u64,
    /// Distinct answers that came for the first time from then on.
    pub new: f64,
}

/// The questions of a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputsShape {
    /// Distinct questions after the normaliser.
    pub distinct: f64,
    /// Whether they were all counted; else what is said of them is estimated from a sample.
    pub exact: bool,
    /// The share of the calls whose question had come before, in 0..=1.
    pub repeated: f64,
    /// Distinct questions that came more than once and were answered.
    pub repeated_texts: f64,
    /// Of those, the share that got different answers, in 0..=1.
    pub contradicted: Option<f64>,
    /// How many distinct questions were compared for near ones.
    pub sampled: u64,
    /// The share of those that are nearly equal to another of them (Jaccard similarity of character 3-grams from 0.8 on), in
    /// 0..=1: a lower bound for all questions.
    pub near: f64,
    /// The mean length of a question, in characters.
    pub mean_chars: f64,
}

/// A rule with what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeRule {
    /// What is asked.
    pub name: String,
    /// What was found.
    pub found: String,
    /// What is wanted.
    pub wanted: String,
    /// The outcome.
    pub outcome: RuleOutcome,
}

/// The outcome of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleOutcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails,
    /// The log does not tell.
    CannotTell,
}

/// What to do about a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ShapeVerdict {
    /// Stay with the frontier model.
    StayWithFrontier,
    /// Use a hosted decision model.
    UseHostedDecision,
    /// Own a small model.
    OwnSmallModel,
    /// The log does not tell; what is missing is said.
    CannotTell,
}

impl fmt::Display for ShapeVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StayWithFrontier => "stay with the frontier model",
            Self::UseHostedDecision => "use a hosted decision model",
            Self::OwnSmallModel => "own a small model",
            Self::CannotTell => "cannot tell yet",
        })
    }
}
