//! What rows begin with, found on token ids, so that it is computed once for all of them.

/// A step must save the computation of so many tokens for a beginning to be worth a pass of its own.
const FEWEST_TOKENS: f64 = 96.0;

/// Beginnings that rows share, as a tree: the prompt of a data set, or several that begin alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Beginnings {
    /// A node comes after its parent.
    pub(crate) nodes: Vec<Beginning>,
    /// For every row, the node with the longest text that it begins with.
    pub(crate) of_row: Vec<Option<usize>>,
}

/// What is added to the text of the node before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Beginning {
    pub(crate) parent: Option<usize>,
    pub(crate) ids: Vec<u32>,
    /// How many tokens the text has with those of the nodes before it.
    pub(crate) tokens: usize,
}

impl Beginnings {
    /// The beginnings of texts that are worth it where steps of so many rows are drawn from them at random.
    pub(crate) fn of(texts: &[&[u32]], step_rows: usize) -> Self {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&row| texts[row]);
        let mut found = Self {
            nodes: Vec::new(),
            of_row: vec![None; texts.len()],
        };
        let of_step = step_rows.min(texts.len()) as f64 / texts.len().max(1) as f64;
        // Of some of the sorted rows, how many the step is expected to have beside the first.
        let others = |rows: usize| rows as f64 * of_step - 1.0;
        let mut open = vec![(&order[..], None)];
        while let Some((rows, parent)) = open.pop() {
            let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else {
                continue;
            };
            // Sorted, so that what the first and the last share is what all share.
            let both = texts[first].iter().zip(texts[last]);
            let alike = both.take_while(|(a, b)| a == b).count();
            let held = parent.map_or(0, |parent: usize| found.nodes[parent].tokens);
            let is_worth_it = (alike - held) as f64 * others(rows.len()) >= FEWEST_TOKENS;
            let node = match is_worth_it {
                false => parent,
                true => {
                    found.nodes.push(Beginning {
                        parent,
                        ids: texts[first][held..alike].to_vec(),
                        tokens: alike,
                    });
                    rows.iter()
                        .for_each(|&row| found.of_row[row] = Some(found.nodes.len() - 1));
                    Some(found.nodes.len() - 1)
                }
            };
            let next = |row: &usize| texts[*row].get(alike);
            let parts = rows.chunk_by(|a, b| next(a) == next(b));
            // A text that ends here goes on with nothing.
            let worth_looking = parts.filter(|part| others(part.len()) > 0.0 && next(&part[0]).is_some());
            open.extend(worth_looking.map(|part| (part, node)));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Beginnings {
        /// The text of a row's beginning.
        fn text(&self, row: usize) -> Vec<u32> {
            let mut text = Vec::new();
            let mut node = self.of_row[row];
            while let Some(index) = node {
                text.splice(0..0, self.nodes[index].ids.iter().copied());
                node = self.nodes[index].parent;
            }
            text
        }
    }

    #[test]
    fn one_prompt_is_one_beginning() {
        let prompt: Vec<u32> = (0..400).collect();
        let rows: Vec<Vec<u32>> = (0..64)
            .map(|row| [&prompt[..], &[1000 + row % 50, row]].concat())
            .collect();
        let texts: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let found = Beginnings::of(&texts, 32);
        assert_eq!(found.nodes.len(), 1);
        assert!((0..64).all(|row| found.text(row) == prompt));
    }

    #[test]
    fn several_prompts_that_begin_alike_are_a_tree() {
        let house: Vec<u32> = (0..100).collect();
        let prompts = [100..200, 300..350, 500..501].map(|own| [house.clone(), own.collect()].concat());
        let rows: Vec<Vec<u32>> = (0..90)
            .map(|row| [&prompts[row % 3][..], &[2000 + row as u32]].concat())
            .collect();
        let texts: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
        let found = Beginnings::of(&texts, 30);
        // What the house says, two long prompts; the third adds too little.
        assert_eq!(
            found.nodes.iter().map(|node| node.ids.len()).collect::<Vec<_>>(),
            [100, 50, 100]
        );
        assert_eq!(
            found.nodes.iter().map(|node| node.parent).collect::<Vec<_>>(),
            [None, Some(0), Some(0)]
        );
        assert_eq!([0, 1, 2].map(|row| found.text(row).len()), [200, 150, 100]);
        // In steps of few rows a prompt is seldom met twice.
        assert!(
            Beginnings::of(&texts, 2)
                .nodes
                .iter()
                .all(|node| node.parent.is_none())
        );
    }

    #[test]
    fn texts_that_are_alike_or_empty_or_none_at_all_do_no_harm() {
        assert_eq!(Beginnings::of(&[], 8), Beginnings::default());
        let text: Vec<u32> = (0..50).collect();
        let found = Beginnings::of(&[&text[..], &text[..], &text[..], &text[..]], 4);
        assert_eq!((found.nodes.len(), found.text(3)), (1, text));
        assert!(Beginnings::of(&[&[], &[], &[1]], 3).nodes.is_empty());
    }

    proptest! {
        #[test]
        fn a_row_begins_with_the_text_of_its_beginning(
            rows in prop::collection::vec(prop::collection::vec(0_u32..3, 0..40), 0..60),
            step_rows in 1_usize..80,
        ) {
            let texts: Vec<&[u32]> = rows.iter().map(Vec::as_slice).collect();
            let found = Beginnings::of(&texts, step_rows);
            for (row, text) in texts.iter().enumerate() {
                prop_assert!(text.starts_with(&found.text(row)));
                let tokens = found.of_row[row].map_or(0, |node| found.nodes[node].tokens);
                prop_assert_eq!(found.text(row).len(), tokens);
            }
            for (index, node) in found.nodes.iter().enumerate() {
                prop_assert!(!node.ids.is_empty() && node.parent.is_none_or(|parent| parent < index));
            }
        }
    }
}
