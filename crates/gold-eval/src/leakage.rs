//! Whether the candidate has seen the gold rows: the certificate of its training rows, computed again.

use near_texts::{
    GoldRows, JaccardThreshold, LeakageCertificate, MASKING_RULES, NORMALISER_VERSION, PersonalDataMask,
    leakage_certificate,
};
use serde::{Deserialize, Serialize};
use stage_files::ContentHash;
use task_spec::GoldRow;

use crate::{
    GoldKind, GoldSet, TrainingRecord,
    figures::{count, counted, quoted},
};

/// What a report knows of leakage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Leakage {
    /// The candidate comes without a certificate: nobody vouches that it has not seen the gold rows.
    NotCertified {
        /// What was found in the training texts that were given, if any were.
        computed: Option<Box<LeakageCertificate>>,
    },
    /// There is a certificate and there are no training texts to compute it again from.
    NotRecomputed {
        /// The certificate, whose word is all there is.
        certificate: Box<LeakageCertificate>,
    },
    /// The certificate, computed again from the training texts and this gold set, is the one that was given.
    Certified {
        /// The certificate.
        computed: Box<LeakageCertificate>,
        /// Whether the adapter's own record names these training rows.
        bound_to_adapter: bool,
    },
    /// The training rows are not those that the adapter names, or the certificate is of other rows, other rules or another
    /// gold set, or its numbers are wrong. Nothing ships on it.
    Differs {
        /// What is different.
        differences: Vec<CertificateDifference>,
        /// What was found in the training texts, if they were given.
        computed: Option<Box<LeakageCertificate>>,
    },
}

/// One thing in which training rows are not the adapter's, or a certificate is not that of the rows and the gold set at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CertificateDifference {
    /// The adapter's record names another file.
    OtherFile {
        /// Which one.
        name: String,
        /// The hash that the adapter names.
        recorded: ContentHash,
        /// The hash of the file at hand.
        found: ContentHash,
    },
    /// It was made against another gold set.
    OtherGold {
        /// The hash in the certificate.
        certificate: ContentHash,
        /// The hash of the gold set at hand.
        found: ContentHash,
    },
    /// It was made for other training texts.
    OtherTraining {
        /// The hash in the certificate.
        certificate: ContentHash,
        /// The hash of the texts at hand.
        found: ContentHash,
    },
    /// Its texts were normalised by other rules.
    OtherNormaliser {
        /// The rules in the certificate.
        certificate: String,
        /// The rules here.
        found: String,
    },
    /// Its personal data was masked by other rules.
    OtherMasking {
        /// The rules in the certificate.
        certificate: String,
        /// The rules here.
        found: String,
    },
    /// A number is not what the same rows give.
    OtherCount {
        /// The field of the certificate.
        figure: String,
        /// Its number there.
        certificate: u64,
        /// Its number, computed again.
        found: u64,
    },
    /// The nearest training texts are others, from this gold row on.
    OtherNeighbours {
        /// The id of the gold row.
        gold: String,
    },
}

impl Leakage {
    /// Computes the certificate of a training record again and compares.
    pub(crate) fn of<K: GoldKind>(record: Option<&TrainingRecord>, gold_set: &GoldSet<K>) -> Self {
        let Some(record) = record else {
            return Self::NotCertified { computed: None };
        };
        let certificate = record.certificate();
        let gold = &gold_set.lock().hash;
        let questions = (gold_set.ids().zip(gold_set.inputs())).map(|(id, input)| GoldRow {
            id: id.to_owned(),
            input: input.into_owned(),
            // The join looks at questions alone.
            label: String::new(),
        });
        let rows = GoldRows::of_file(questions.collect(), gold.clone());
        let rows = match certificate.and_then(|certificate| certificate.masked.as_ref()) {
            Some(masked) => rows.masked(&PersonalDataMask::new(masked.kinds.iter().copied())),
            None => rows,
        };
        let threshold =
            certificate.map_or_else(JaccardThreshold::default, |certificate| certificate.threshold);
        let computed = record
            .texts()
            .map(|texts| Box::new(leakage_certificate(texts, &rows, threshold)));
        let differences = differences(record, computed.as_deref(), gold);
        match (certificate, computed) {
            (_, computed) if !differences.is_empty() => Self::Differs {
                differences,
                computed,
            },
            (None, computed) => Self::NotCertified { computed },
            (Some(_), Some(computed)) => Self::Certified {
                computed,
                bound_to_adapter: record.is_bound_to_adapter(),
            },
            (Some(certificate), None) => Self::NotRecomputed {
                certificate: Box::new(certificate.clone()),
            },
        }
    }

    /// What was computed from the training texts, where they were given.
    #[must_use]
    pub fn computed(&self) -> Option<&LeakageCertificate> {
        match self {
            Self::NotCertified { computed } | Self::Differs { computed, .. } => computed.as_deref(),
            Self::Certified { computed, .. } => Some(computed),
            Self::NotRecomputed { .. } => None,
        }
    }

    /// Training rows that are gold rows or nearly so, as far as is known.
    #[must_use]
    pub fn leaking_rows(&self) -> u64 {
        let known = match self {
            Self::NotRecomputed { certificate } => Some(certificate.as_ref()),
            other => other.computed(),
        };
        known.map_or(0, |certificate| certificate.leaking_rows as u64)
    }

    /// Whether a candidate may ship: not on a score that is partly memory, nor on a certificate that is not its own. Without
    /// a certificate it may, and the report says so.
    #[must_use]
    pub fn allows_shipping(&self) -> bool {
        self.leaking_rows() == 0 && !matches!(self, Self::Differs { .. })
    }

    /// The state in one or two sentences.
    #[must_use]
    pub fn in_words(&self) -> String {
        let leaks = match self.leaking_rows() {
            0 => String::new(),
            rows => format!(
                " {} are gold rows or nearly so: take them out and train again.",
                counted(rows, "training row")
            ),
        };
        let state = match self {
            Self::NotCertified { computed: None } => {
                "Not certified: the candidate comes without a leakage certificate, and \
                 nobody has compared its training rows with the gold rows."
                    .to_owned()
            }
            Self::NotCertified {
                computed: Some(found),
            } => format!(
                "Not certified: the candidate comes without a leakage certificate. Computed here from the training rows \
                 that were given: {}",
                overlap(found)
            ),
            Self::NotRecomputed { .. } => {
                "Not checked: there is a leakage certificate, and no training rows were given to \
                 compute it again."
                    .to_owned()
            }
            Self::Certified {
                computed,
                bound_to_adapter,
            } => format!(
                "Certified: the leakage certificate was computed again from the training rows and is the same. {}{}",
                overlap(computed),
                match bound_to_adapter {
                    true => " The adapter's own record names these rows.",
                    false => " No record of the adapter was given that says it was trained on them.",
                }
            ),
            Self::Differs { differences, .. } => format!(
                "The training rows or their leakage certificate are not the candidate's, and nothing ships on them: {}.",
                differences
                    .iter()
                    .map(CertificateDifference::in_words)
                    .collect::<Vec<_>>()
                    .join("; ")
            ),
        };
        format!("{state}{leaks}")
    }
}

impl CertificateDifference {
    fn in_words(&self) -> String {
        match self {
            Self::OtherFile {
                name,
                recorded,
                found,
            } => format!(
                "the adapter was made with another {name} ({}, here {})",
                recorded.short(),
                found.short()
            ),
            Self::OtherGold { certificate, found } => format!(
                "it is about another gold set ({}, here {})",
                certificate.short(),
                found.short()
            ),
            Self::OtherTraining { certificate, found } => format!(
                "it is about other training texts ({}, here {})",
                certificate.short(),
                found.short()
            ),
            Self::OtherNormaliser { certificate, found } => format!(
                "texts were normalised by {}, here by {}",
                quoted(certificate),
                quoted(found)
            ),
            Self::OtherMasking { certificate, found } => format!(
                "personal data was masked by {}, here by {}",
                quoted(certificate),
                quoted(found)
            ),
            Self::OtherCount {
                figure,
                certificate,
                found,
            } => format!(
                "{} is {} in it and {} by the rows",
                quoted(figure),
                count(*certificate),
                count(*found)
            ),
            Self::OtherNeighbours { gold } => {
                format!(
                    "the training row nearest to gold row {} is another one",
                    quoted(gold)
                )
            }
        }
    }
}

/// How near the training rows come, as a sentence.
fn overlap(found: &LeakageCertificate) -> String {
    format!(
        "Of {}, {} have a training row word for word, {} at a similarity of 0.9 or more, {} at 0.8 and {} at 0.7; from {} on it \
         is a leak.",
        counted(found.gold_rows as u64, "gold row"),
        count(found.exact as u64),
        count(found.at_0_9 as u64),
        count(found.at_0_8 as u64),
        count(found.at_0_7 as u64),
        found.threshold.get()
    )
}

fn differences(
    record: &TrainingRecord,
    computed: Option<&LeakageCertificate>,
    gold: &ContentHash,
) -> Vec<CertificateDifference> {
    use CertificateDifference as Other;
    let files = record.other_files(gold);
    let mut found: Vec<Other> = files
        .map(|(name, recorded, found)| Other::OtherFile {
            name: name.to_owned(),
            recorded: recorded.clone(),
            found: found.clone(),
        })
        .collect();
    let Some(certificate) = record.certificate() else {
        return found;
    };
    if certificate.gold != *gold {
        found.push(Other::OtherGold {
            certificate: certificate.gold.clone(),
            found: gold.clone(),
        });
    }
    if certificate.normaliser != NORMALISER_VERSION {
        found.push(Other::OtherNormaliser {
            certificate: certificate.normaliser.clone(),
            found: NORMALISER_VERSION.to_owned(),
        });
    }
    let masked = certificate.masked.as_ref();
    if let Some(masked) = masked.filter(|masked| masked.rules != MASKING_RULES) {
        found.push(Other::OtherMasking {
            certificate: masked.rules.clone(),
            found: MASKING_RULES.to_owned(),
        });
    }
    let Some(computed) = computed else {
        return found;
    };
    if certificate.train != computed.train && certificate.normaliser == NORMALISER_VERSION {
        found.push(Other::OtherTraining {
            certificate: certificate.train.clone(),
            found: computed.train.clone(),
        });
    }
    // Of other rows or rules the numbers are others too, which tells nothing.
    if found.is_empty() {
        found.extend(other_numbers(certificate, computed));
    }
    found
}

/// Numbers that the same rows and rules do not give.
fn other_numbers(
    certificate: &LeakageCertificate,
    computed: &LeakageCertificate,
) -> Vec<CertificateDifference> {
    let figures = |of: &LeakageCertificate| {
        [
            ("shingle_chars", of.shingle_chars),
            ("gold_rows", of.gold_rows),
            ("train_rows", of.train_rows),
            ("leaking_rows", of.leaking_rows),
            ("exact", of.exact),
            ("at_0_7", of.at_0_7),
            ("at_0_8", of.at_0_8),
            ("at_0_9", of.at_0_9),
            ("below_0_7", of.below_0_7),
        ]
    };
    let pairs = figures(certificate).into_iter().zip(figures(computed));
    let mut found: Vec<CertificateDifference> = pairs
        .filter(|((_, certificate), (_, found))| certificate != found)
        .map(
            |((figure, certificate), (_, found))| CertificateDifference::OtherCount {
                figure: figure.to_owned(),
                certificate: certificate as u64,
                found: found as u64,
            },
        )
        .collect();
    let (ours, theirs) = (&computed.nearest, &certificate.nearest);
    let places = 0..ours.len().max(theirs.len());
    let other = places.into_iter().find(|&at| ours.get(at) != theirs.get(at));
    let other = other.and_then(|at| ours.get(at).or_else(|| theirs.get(at)));
    found.extend(other.map(|near| CertificateDifference::OtherNeighbours {
        gold: near.gold.clone(),
    }));
    found
}
