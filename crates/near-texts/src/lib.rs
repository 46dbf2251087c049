//! Nearly equal texts, found exactly.
//!
//! Use this crate to find the pairs of a list of short texts that a reader would call the same, or to show that a
//! training file and a gold set are apart. `distill-data` merges duplicates with it, `gold-eval` recomputes the
//! certificate with it before it believes a score.
//!
//! # Quick start
//!
//! ```
//! use near_texts::{GoldRows, JaccardThreshold, leakage_certificate, near_pairs, normalise};
//! use task_spec::GoldRow;
//!
//! assert_eq!(normalise("SQ *BLUE-BOTTLE #1123"), "sq blue bottle 1123");
//!
//! let texts = ["where is my new card?", "Where is my new card", "top up failed"];
//! let pairs = near_pairs(&texts, JaccardThreshold::default());
//! assert_eq!((pairs[0].left, pairs[0].right, pairs[0].jaccard), (0, 1, 1.0));
//!
//! let gold = GoldRows::new(vec![
//!     GoldRow { id: "g1".into(), input: "My top up failed".into(), label: "top_up_failed".into() },
//! ]);
//! assert!(leakage_certificate(&texts, &gold, JaccardThreshold::default()).is_clean());
//! ```
//!
//! # The pieces
//!
//! - [`normalise`]: one spelling for texts that a reader would call the same; [`NORMALISER_VERSION`] names its rules
//!   and is in every hash.
//! - [`similarity`]: of two texts; [`near_pairs`], [`near_neighbours`]: all pairs at or above a Jaccard similarity of character 3-grams. They
//!   miss none; every pair is counted out. [`near_pairs_of_normal`] is for texts that are normalised already.
//! - [`JoinPlan`]: the same join of texts that are not all in one memory: keys of which similar texts share one, for an
//!   engine that brings texts of one key together, as the package `distill-scale` does.
//! - [`texts_hash`], [`text_hash`], [`GoldRows`], [`leakage_certificate`]: what anybody who holds both sets can compute
//!   again. [`gold_neighbours`], [`JoinedTexts`], [`TextsHasher`]: the same certificate of training texts that are not all in
//!   one memory.
//! - [`PersonalDataMask`]: card numbers, IBANs, e-mail addresses and phone numbers by rule, without changing a text's
//!   length. It is for logs that must not be copied as they are, and finds no names and no addresses of streets.
//!
//! # Errors and panics
//!
//! Only reading a file can fail, and a threshold outside (0, 1]. Nothing panics on any text.
//!
//! # References
//!
//! Arasu, Ganti, Kaushik 2006, *Efficient exact set-similarity joins*, VLDB. Sandes, Teodoro, Melo 2020, *Bitmap
//! filter: speeding up exact set similarity joins with bitwise operations*, Information Systems 88.

mod leakage;
mod normalise;
mod personal_data;
mod shingles;
mod similarity_join;

pub use leakage::{
    GoldNeighbour, GoldRows, JoinedTexts, LeakageCertificate, MaskRecord, TextsHasher, gold_neighbours,
    leakage_certificate, normal_text_hash, text_hash, texts_hash,
};
pub use normalise::{NORMALISER_VERSION, normalise};
pub use personal_data::{MASKING_RULES, Masked, PersonalDataKind, PersonalDataMask};
pub use similarity_join::{
    JaccardThreshold, JaccardThresholdError, JoinPlan, JoinPlanError, NearPair, near_neighbours, near_pairs,
    near_pairs_of_normal, shingle_count, similarity,
};
