//! How far a curation is.

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Reading logs; counted in lines.
    Reading,
    /// Joining the texts with the gold set.
    GoldJoin,
    /// Finding what is kept on the teacher's word alone; only where a person has spoken.
    Audit,
    /// Finding near-duplicates.
    NearDuplicates,
    /// Searching for wrong labels.
    Suspects,
    /// Proving that no training row leaks.
    Certificate,
    /// Done.
    Finished,
}

impl Stage {
    /// The stage in words, for a progress line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading logs",
            Self::GoldJoin => "comparing with the gold set",
            Self::Audit => "finding what the audit is of",
            Self::NearDuplicates => "finding near-duplicates",
            Self::Suspects => "searching for wrong labels",
            Self::Certificate => "certifying that nothing leaks",
            Self::Finished => "finished",
        }
    }
}

/// An event for a progress bar: a stage begins, or a thousand more lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The stage.
    pub stage: Stage,
    /// Lines read so far while [`Stage::Reading`], rows at hand in the other stages.
    pub rows: u64,
}
