//! How likely it is that a label in doubt is wrong.

/// Why the label of a row is in doubt, as far as the chance that it is wrong depends on it.
///
/// ```
/// use distill_data::LabelDoubt;
///
/// assert_eq!(LabelDoubt::Outvoted { own_share: 0.75 }.chance_wrong(), 0.25);
/// assert_eq!(LabelDoubt::Unsure { confidence: None }.chance_wrong(), 0.5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LabelDoubt {
    /// Calls of the text, or its near-duplicates, speak for other labels too.
    Outvoted {
        /// The share of what they say together that the label has, in 0..=1.
        own_share: f64,
    },
    /// The teacher was not sure enough, or nobody knows how sure it was.
    Unsure {
        /// How sure it was, in 0..=1.
        confidence: Option<f64>,
    },
    /// A model of the other rows contradicts the label.
    Suspected {
        /// What the search for wrong labels says, which is wrong by rounding at most outside of 0..=1.
        chance_wrong: f64,
    },
    /// Nothing speaks against the label: the row was drawn for the audit.
    Drawn {
        /// How sure the teacher was, in 0..=1.
        confidence: Option<f64>,
    },
}

impl LabelDoubt {
    /// The chance that the label is wrong, in 0..=1, before it is known how earlier questions fared; one half where nothing is
    /// known of a label in doubt, and 0 of one that was drawn.
    #[must_use]
    pub fn chance_wrong(self) -> f64 {
        let chance = match self {
            Self::Outvoted { own_share } => 1.0 - own_share,
            Self::Unsure { confidence } => confidence.map_or(0.5, |confidence| 1.0 - confidence),
            Self::Suspected { chance_wrong } => chance_wrong,
            Self::Drawn { confidence } => confidence.map_or(0.0, |confidence| 1.0 - confidence),
        };
        chance.clamp(0.0, 1.0)
    }
}
