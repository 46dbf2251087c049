//! Which values come in the same rows.

/// How much of their rows two values must share to be one finding, as the Jaccard index in 0..1.
const LEAST_OVERLAP: f64 = 0.5;

/// Groups values by the rows that they have in common. The values come in order of importance: each joins the
/// leader whose rows overlap most with its own, or leads a new group. A group is a star, so that each member
/// overlaps with its leader, and no chain can tie unrelated values together.
///
/// `row_sets` are sorted row indices below `rows`; the groups and their members are in the given order,
/// leaders first.
pub(crate) fn stars(row_sets: &[&[usize]], rows: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut groups_of_row: Vec<Vec<usize>> = vec![Vec::new(); rows];
    // Common rows with each group's leader; cleared after each value at the groups that it touched.
    let mut common: Vec<usize> = Vec::new();
    for (value, set) in row_sets.iter().enumerate() {
        let mut touched: Vec<usize> = Vec::new();
        for &group in set.iter().flat_map(|row| &groups_of_row[*row]) {
            if common[group] == 0 {
                touched.push(group);
            }
            common[group] += 1;
        }
        touched.sort_unstable();
        let mut best: Option<(f64, usize)> = None;
        for group in touched {
            let shared = std::mem::take(&mut common[group]);
            let either = set.len() + row_sets[groups[group][0]].len() - shared;
            let overlap = shared as f64 / either as f64;
            if overlap >= LEAST_OVERLAP && best.is_none_or(|(most, _)| overlap > most) {
                best = Some((overlap, group));
            }
        }
        match best {
            Some((_, group)) => groups[group].push(value),
            None => {
                for row in *set {
                    groups_of_row[*row].push(groups.len());
                }
                groups.push(vec![value]);
                common.push(0);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_same_rows_are_one_group() {
        let sets: [&[usize]; 4] = [&[0, 1, 2, 3], &[7, 8], &[1, 2, 3], &[3, 7, 8]];
        assert_eq!(stars(&sets, 9), [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn a_chain_does_not_tie_its_ends_together() {
        let sets: [&[usize]; 3] = [&[0, 1, 2], &[1, 2, 3], &[2, 3, 4]];
        assert_eq!(stars(&sets, 5), [vec![0, 1], vec![2]]);
    }
}
