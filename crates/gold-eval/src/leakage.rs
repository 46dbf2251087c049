//! Whether the candidate has seen the gold rows.

use serde::{Deserialize, Serialize};
use stage_files::ContentHash;

/// What curation certifies about a training file and a gold set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakageCertificate {
    /// BLAKE3 of the gold file that the training rows were compared with.
    pub gold: ContentHash,
    /// BLAKE3 of the training file.
    pub train: ContentHash,
    /// Training rows that are, or nearly are, gold rows and are still in the file; 0 after curation.
    pub leaking_rows: u64,
}

/// What a report knows of leakage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Leakage {
    /// No certificate was given: nobody has looked.
    NotChecked,
    /// The training file holds no gold row.
    Clean {
        /// BLAKE3 of the training file.
        train: ContentHash,
    },
    /// The training file holds gold rows, so that the score is partly memory; nothing ships on it.
    Leaking {
        /// BLAKE3 of the training file.
        train: ContentHash,
        /// How many of its rows leak.
        rows: u64,
    },
}

impl Leakage {
    pub(crate) fn of(certificate: Option<&LeakageCertificate>) -> Self {
        match certificate {
            None => Self::NotChecked,
            Some(found) if found.leaking_rows == 0 => Self::Clean {
                train: found.train.clone(),
            },
            Some(found) => Self::Leaking {
                train: found.train.clone(),
                rows: found.leaking_rows,
            },
        }
    }
}
