//! Teacher logs to trustworthy rows.

mod answer;
mod ballot;
mod calibration;
mod confidence;
mod config;
mod curate;
mod curated;
mod error;
mod leakage;
mod ledger;
mod log;
mod manifest;
mod near_duplicates;
mod normalise;
mod progress;
mod quarantine;
mod rejected;
mod review;
mod row;
mod shingles;
mod similarity_join;
mod suspects;

pub use answer::{AnswerFormat, ConfidenceScale};
pub use calibration::{Calibration, CheckedAnswer, ConfidenceCut, LEAST_REVIEWED};
pub use confidence::{Confidence, ConfidenceKind};
pub use config::{
    CurateConfig, CurateConfigError, CuratePlan, Duplicates, SuspectConfig, UnknownConfidence, WeightByCalls,
};
pub use curate::{CurateInput, curate, curate_with_progress};
pub use curated::{Curated, MergedCall, TrainRow};
pub use error::CurateError;
pub use leakage::{GoldNeighbour, GoldRows, LeakageCertificate, leakage_certificate, texts_hash};
pub use ledger::Ledger;
pub use log::{FieldMap, FieldPath, FieldPathError, LogFile, LogFormat};
pub use manifest::{
    ConfidenceRecord, LabelRecord, LeakageRecord, LogRecord, Manifest, ReviewedRecord, SuspectRecord,
    TaskRecord, Verdict,
};
pub use normalise::{NORMALISER_VERSION, normalise};
pub use progress::{Progress, Stage};
pub use quarantine::{Damage, QuarantinedLine, RAW_CHARS};
pub use rejected::{RejectReason, RejectedRow};
pub use review::{ReviewReason, ReviewRow, ReviewedRow};
pub use similarity_join::{JaccardThreshold, JaccardThresholdError, NearPair, near_neighbours, near_pairs};
pub use suspects::ClassProtection;
