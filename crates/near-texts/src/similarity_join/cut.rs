//! How sets of shingles are cut into parts, and which parts together are a key.

use super::rows::mixed;

/// A way to cut sets: shingles are dealt out to groups and within a group to parts, and a key is made of some
/// parts of one group.
///
/// Of two sets that differ in at most `distance` shingles, some group holds at most `distance / groups` of these,
/// which touch at most as many parts. The others are equal, and some key is made of them alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cut {
    groups: usize,
    parts: usize,
    /// The parts of each key, as bits: all choices of so many parts as are surely untouched.
    choices: Vec<u8>,
}

/// One of the keys of a cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyPlace {
    group: usize,
    choice: usize,
}

/// The most keys that are worth making of a set, for each shingle in which sets may differ.
const MOST_KEYS_A_DIFFERENCE: usize = 12;

impl Cut {
    /// No parts: all sets have the one key, and all pairs are looked at.
    pub(super) fn none() -> Self {
        Self {
            groups: 1,
            parts: 0,
            choices: vec![0],
        }
    }

    /// The cuts worth trying for sets that differ in at most so many shingles, the fewest keys first.
    pub(super) fn candidates(distance: usize) -> Vec<Self> {
        let mut found = Vec::new();
        for touched in 0..=4 {
            let groups = distance / (touched + 1) + 1;
            // Of a group in which nothing differs one part is as good as several.
            let most_parts = if touched == 0 { 1 } else { (touched + 4).min(8) };
            for parts in touched + 1..=most_parts {
                let choices: Vec<u8> = (0..1_u16 << parts)
                    .filter(|bits| bits.count_ones() as usize == parts - touched)
                    .map(|bits| bits as u8)
                    .collect();
                if groups * choices.len() <= MOST_KEYS_A_DIFFERENCE * (distance + 1) {
                    found.push(Self {
                        groups,
                        parts,
                        choices,
                    });
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

    /// How many parts a set has.
    pub(super) fn cells(&self) -> usize {
        self.groups * self.parts
    }

    /// Adds a set up by parts: for each the sum of its shingles' hashes, in 16 bits.
    pub(super) fn deal(&self, shingles: &[u64], cells: &mut [u16]) {
        let count = self.cells() as u64;
        for &shingle in shingles {
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
