//! How sets of shingles are cut into parts, and which parts together are a key.

use serde::{Deserialize, Serialize};

use super::rows::mixed;

/// A way to cut sets: shingles are dealt out to groups and within a group to parts, and a key is made of some
/// parts of one group.
///
/// Of two sets that differ in at most `distance` shingles, some group holds at most `distance / groups` of these,
/// which touch at most as many parts. The others are equal, and some key is made of them alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Shape", into = "Shape")]
pub(super) struct Cut {
    groups: usize,
    parts: usize,
    /// The parts of each key, as bits: all choices of so many parts as are surely untouched.
    choices: Vec<u8>,
}

/// What a cut is made of, for a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    groups: usize,
    parts: usize,
    /// How many parts of the group are not in a key.
    touched: usize,
}

/// A cut that cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "sets are cut into 1 to {MOST_GROUPS} groups of at most {MOST_PARTS} parts, not into {groups} of {parts}"
)]
struct ShapeError {
    groups: usize,
    parts: usize,
}

impl TryFrom<Shape> for Cut {
    type Error = ShapeError;

    fn try_from(shape: Shape) -> Result<Self, ShapeError> {
        let Shape {
            groups,
            parts,
            touched,
        } = shape;
        if !(1..=MOST_GROUPS).contains(&groups) || parts > MOST_PARTS || touched > parts {
            return Err(ShapeError { groups, parts });
        }
        Ok(Self::new(groups, parts, touched))
    }
}

impl From<Cut> for Shape {
    fn from(cut: Cut) -> Self {
        let chosen = cut.choices.first().map_or(0, |bits| bits.count_ones() as usize);
        Self {
            groups: cut.groups,
            parts: cut.parts,
            touched: cut.parts - chosen,
        }
    }
}

/// One of the keys of a cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyPlace {
    group: usize,
    choice: usize,
}

/// The most keys that are worth making of a set, for each shingle in which sets may differ.
const MOST_KEYS_A_DIFFERENCE: usize = 12;
/// As many parts of a group as a choice has bits for, and more groups than any text has shingles worth cutting.
const MOST_PARTS: usize = 8;
const MOST_GROUPS: usize = 1 << 20;

impl Cut {
    /// So many groups of so many parts, and keys of all of a group's parts but so many.
    fn new(groups: usize, parts: usize, touched: usize) -> Self {
        let choices = (0..1_u16 << parts)
            .filter(|bits| bits.count_ones() as usize == parts - touched)
            .map(|bits| bits as u8);
        Self {
            groups,
            parts,
            choices: choices.collect(),
        }
    }

    /// No parts: all sets have the one key, and all pairs are looked at.
    pub(super) fn none() -> Self {
        Self::new(1, 0, 0)
    }

    /// The cuts worth trying for sets that differ in at most so many shingles, the fewest keys first.
    pub(super) fn candidates(distance: usize) -> Vec<Self> {
        let mut found = Vec::new();
        for touched in 0..=4 {
            let groups = distance / (touched + 1) + 1;
            // Of a group in which nothing differs one part is as good as several.
            let most_parts = if touched == 0 {
                1
            } else {
                (touched + 4).min(MOST_PARTS)
            };
            for parts in touched + 1..=most_parts {
                let cut = Self::new(groups, parts, touched);
                if cut.keys() <= MOST_KEYS_A_DIFFERENCE * (distance + 1) {
                    found.push(cut);
                }
            }
        }
        found.sort_by_key(Self::keys);
        found
    }

    /// How many keys a set has.
    pub(super) fn keys(&self) -> usize {
        self.groups * self.choices.len()
    }

    pub(super) fn places(&self) -> impl Iterator<Item = KeyPlace> {
        (0..self.groups)
            .flat_map(|group| (0..self.choices.len()).map(move |choice| KeyPlace { group, choice }))
    }

    /// The place of a number below [`Cut::keys`].
    pub(super) fn place(&self, number: usize) -> KeyPlace {
        KeyPlace {
            group: number / self.choices.len(),
            choice: number % self.choices.len(),
        }
    }

    /// How many parts a set has.
    pub(super) fn cells(&self) -> usize {
        self.groups * self.parts
    }

    /// Adds a set up by parts: for each the sum of its shingles' hashes, in 16 bits.
    pub(super) fn deal(&self, shingles: &[u64], cells: &mut [u16]) {
        let count = self.cells() as u64;
        // Without parts all sets are alike.
        for &shingle in shingles.iter().filter(|_| count > 0) {
            let hash = mixed(shingle);
            let cell = &mut cells[(((hash >> 32) * count) >> 32) as usize];
            *cell = cell.wrapping_add(hash as u16);
        }
    }

    /// One key of a set that was dealt out.
    pub(super) fn key(&self, place: KeyPlace, cells: &[u16]) -> u32 {
        let group = self.group(place.group, cells);
        let bits = self.choices[place.choice];
        let chosen = group
            .iter()
            .enumerate()
            .filter(|&(part, _)| bits >> part & 1 == 1);
        chosen.fold(0_u32, |key, (_, &sum)| {
            // Two parts are their key without loss; of more the first ones are mixed in.
            (key.wrapping_mul(0x9e37_79b1).rotate_left(16)) ^ u32::from(sum)
        })
    }

    /// Whether a key is the first one that two sets share: each pair is then looked at once.
    pub(super) fn is_first_shared(&self, place: KeyPlace, a: &[u16], b: &[u16]) -> bool {
        let shares = |group: usize, choices: &[u8]| {
            let both = self.group(group, a).iter().zip(self.group(group, b));
            let equal = both
                .enumerate()
                .fold(0_u8, |bits, (part, (a, b))| bits | u8::from(a == b) << part);
            choices.iter().any(|&choice| choice & !equal == 0)
        };
        shares(place.group, &self.choices[place.choice..=place.choice])
            && !shares(place.group, &self.choices[..place.choice])
            && !(0..place.group).any(|group| shares(group, &self.choices))
    }

    fn group<'c>(&self, group: usize, cells: &'c [u16]) -> &'c [u16] {
        &cells[group * self.parts..][..self.parts]
    }
}

#[cfg(test)]
mod tests;
