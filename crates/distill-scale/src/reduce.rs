//! Tables folded by key: what the engine sorts and this crate decides.
//!
//! Every decision of curation that looks at more than one row is a fold over the rows of one key in a fixed order. The
//! engine brings the rows of a key to one partition and sorts them, on disk where memory does not do; [`Reduction`] says
//! how they are folded. What a fold holds at any time is bounded by one key's rows and mostly by far less.

mod columns;
mod contradictions;
mod fates;
mod gold;
mod kept;
mod node;
mod pairs;
mod teachers;
mod votes;

use datafusion::arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use distill_data::ConfidenceRule;
use near_texts::{JaccardThreshold, JoinPlan};
use serde::{Deserialize, Serialize};

use crate::ReduceError;

pub(crate) use columns::{Columns, float, table, text};
pub(crate) use contradictions::schema as contradicted_schema;
pub(crate) use fates::{part, schema as fates_schema};
pub(crate) use gold::schema as gold_schema;
pub(crate) use kept::{KEPT, Kept, KeptColumns};
pub(crate) use node::ReduceExec;
pub(crate) use pairs::schema as pairs_schema;
pub(crate) use teachers::schema as answers_schema;
pub(crate) use votes::schema as rows_schema;

/// How many rows of a result are handed on at once.
pub(crate) const BATCH_ROWS: usize = 8192;

/// A fold, in the form in which it is sent to executors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fold", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Reduction {
    /// The calls of one text become a row.
    Votes {
        /// The share of the support that a label needs.
        majority: f64,
        /// The names of the labels.
        labels: Vec<String>,
    },
    /// The calls of texts become what the listed teachers answered.
    Teachers {
        /// How many are listed.
        teachers: usize,
    },
    /// Texts become pairs with the gold rows that they are near.
    Gold {
        /// The texts of the gold set, in its order.
        gold: Vec<String>,
        /// The similarity from which a text leaks.
        threshold: JaccardThreshold,
    },
    /// The texts of one key become pairs.
    Pairs {
        /// The plan that the keys are of.
        plan: JoinPlan,
    },
    /// A row and its near-duplicates become a contradiction, or nothing.
    Contradictions {
        /// The share of the neighbourhood's support that the row's label needs.
        majority: f64,
    },
    /// What is known of a row becomes its fate.
    Fates {
        /// How much confidence is enough.
        confidence: ConfidenceRule,
        /// The names of the labels.
        labels: Vec<String>,
        /// The ids of the gold rows, in their order.
        gold: Vec<String>,
        /// The names of the parts that are kept from training, in their order.
        parts: Vec<String>,
    },
}

/// A fold at work on one partition.
pub(crate) trait Reducer: Send {
    /// Takes the next rows; those of one key follow one another, across batches too.
    fn push(&mut self, batch: &RecordBatch) -> Result<(), ReduceError>;

    /// There are no more rows.
    fn finish(&mut self) -> Result<(), ReduceError>;

    /// The results so far, if there are at least so many.
    fn take(&mut self, least: usize) -> Result<Option<RecordBatch>, ReduceError>;
}

impl Reduction {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Votes { .. } => "votes",
            Self::Teachers { .. } => "teachers",
            Self::Gold { .. } => "gold",
            Self::Pairs { .. } => "pairs",
            Self::Contradictions { .. } => "contradictions",
            Self::Fates { .. } => "fates",
        }
    }

    /// The columns of the result.
    pub(crate) fn schema(&self) -> SchemaRef {
        match self {
            Self::Votes { .. } => votes::schema(),
            Self::Teachers { .. } => teachers::schema(),
            Self::Gold { .. } => gold::schema(),
            Self::Pairs { .. } => pairs::schema(),
            Self::Contradictions { .. } => contradictions::schema(),
            Self::Fates { .. } => fates::schema(),
        }
    }

    pub(crate) fn start(&self) -> Box<dyn Reducer> {
        match self.clone() {
            Self::Votes { majority, labels } => Box::new(votes::Votes::new(majority, labels)),
            Self::Teachers { teachers } => Box::new(teachers::Teachers::new(teachers)),
            Self::Gold { gold, threshold } => Box::new(gold::Gold::new(&gold, threshold)),
            Self::Pairs { plan } => Box::new(pairs::Pairs::new(plan)),
            Self::Contradictions { majority } => Box::new(contradictions::Contradictions::new(majority)),
            Self::Fates {
                confidence,
                labels,
                gold,
                parts,
            } => Box::new(fates::Fates::new(confidence, labels, gold, parts)),
        }
    }
}
