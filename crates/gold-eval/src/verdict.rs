//! What becomes of the candidate.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Finding, Leakage, Outcome};

/// The process exit code of a gate that could not judge: broken input, a file that is missing or was edited.
pub const BROKEN_INPUT_EXIT_CODE: u8 = 3;

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every rule passes.
    Ship,
    /// At least one rule fails, as a fact.
    Hold,
    /// No rule fails, but the rows are too few, or too compromised, to say that all pass.
    CannotTell,
}

impl Verdict {
    /// A score that may be memory may show that a model is bad, but never that it is good.
    pub(crate) fn of(findings: &[Finding], leakage: &Leakage) -> Self {
        let any = |outcome| findings.iter().any(|finding| finding.outcome == outcome);
        if any(Outcome::Fail) {
            Self::Hold
        } else if any(Outcome::CannotTell) || !leakage.allows_shipping() {
            Self::CannotTell
        } else {
            Self::Ship
        }
    }

    /// The exit code of a process that reports this verdict: 0 ship, 1 hold, 2 cannot tell.
    /// [`BROKEN_INPUT_EXIT_CODE`] is the fourth.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ship => 0,
            Self::Hold => 1,
            Self::CannotTell => 2,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ship => "ship",
            Self::Hold => "hold",
            Self::CannotTell => "cannot tell",
        })
    }
}
