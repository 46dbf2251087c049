use std::path::Path;

use task_spec::{Example, Message};

use super::*;
use crate::suspects::{Features, found_by_model};

fn row(id: &str, label: &str, calls: usize, confidence: Option<f64>) -> TrainRow {
    let messages = vec![Message::user(id), Message::assistant(label)];
    TrainRow {
        example: Example {
            confidence,
            ..Example::new(id, messages)
        },
        calls,
        first_call: None,
        reported: None,
        by_person: false,
    }
}

fn ids(rows: &[TrainRow]) -> Vec<&str> {
    rows.iter().map(|row| row.example.id.as_str()).collect()
}

#[test]
fn the_strongest_rows_of_a_class_stay() {
    let mut rows = vec![
        row("a", "card", 1, Some(0.9)),
        row("b", "card", 5, Some(0.2)),
        row("c", "fees", 1, None),
        row("d", "card", 1, Some(0.95)),
        row("e", "card", 1, None),
        row("f", "card", 1, Some(0.9)),
    ];
    rows[4].by_person = true;
    for (cap, over) in [(4, vec!["f"]), (3, vec!["a", "f"]), (1, vec!["a", "b", "d", "f"])] {
        let mut left = rows.clone();
        assert_eq!(ids(&take_over_cap(&mut left, cap)), over);
        assert_eq!(left.len() + over.len(), rows.len());
        assert!(left.is_sorted_by_key(|row| row.example.id.clone()));
    }
    let mut left = rows.clone();
    assert!(take_over_cap(&mut left, 5).is_empty() && left == rows);
}

#[test]
fn classes_that_lack_rows_are_named_with_how_many() {
    let rows = [
        row("a", "card", 9, None),
        row("b", "card", 1, None),
        row("c", "fees", 1, None),
    ];
    let of = |labels: &[&str], floor| {
        let labels = labels.iter().copied();
        ClassLimitsRecord::of((None, floor), labels, BTreeMap::new(), &rows_of_label(&rows)).below_floor
    };
    let missing = of(&["card", "fees", "top-up"], 2);
    let expected = [("fees", 1), ("top-up", 2)].map(|(label, rows)| (label.to_owned(), rows));
    assert_eq!(missing, BTreeMap::from(expected));
    assert!(of(&["top-up"], 0).is_empty());
}

/// Texts and labels of the training file, then of the test file.
struct Banking77 {
    texts: Vec<String>,
    labels: Vec<usize>,
    names: Vec<String>,
    training: usize,
}

/// Rows that a cap chooses from, and the labels of all texts, of which some are wrong.
struct Draw {
    rows: Vec<TrainRow>,
    labels: Vec<usize>,
}

impl Banking77 {
    /// `None` with a word about it where the data set is not.
    fn read() -> Option<Self> {
        let Some(folder) = std::env::var_os("BANKING77") else {
            println!("skipped: BANKING77 does not name the folder of the data set");
            return None;
        };
        let rows = |file: &str| -> Vec<(String, String)> {
            let mut table = csv::Reader::from_path(Path::new(&folder).join(file)).unwrap();
            table.deserialize().map(Result::unwrap).collect()
        };
        let (train, test) = (rows("train.csv"), rows("test.csv"));
        let mut names: Vec<String> = train.iter().map(|row| row.1.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let all = || train.iter().chain(&test);
        Some(Self {
            texts: all().map(|row| normalise(&row.0)).collect(),
            labels: all().map(|row| names.binary_search(&row.1).unwrap()).collect(),
            names,
            training: train.len(),
        })
    }

    /// Four fifths of the training rows. `wrong_in`: one label in so many is that of another class.
    fn draw(&self, number: usize, wrong_in: Option<u64>) -> Draw {
        let classes = self.names.len();
        let mut labels = self.labels.clone();
        let mut rows = Vec::new();
        for (at, text) in self.texts.iter().enumerate().take(self.training) {
            let hash = stage_files::ContentHash::of_bytes(format!("{number} {at}").as_bytes());
            let drawn = u64::from_str_radix(&hash.as_str()[..15], 16).unwrap();
            if wrong_in.is_some_and(|wrong_in| (drawn >> 20).is_multiple_of(wrong_in)) {
                labels[at] = (labels[at] + 1 + (drawn >> 30) as usize % (classes - 1)) % classes;
            }
            if !drawn.is_multiple_of(5) {
                let mut row = row(&format!("{drawn:016x}-{at}"), &self.names[labels[at]], 1, None);
                row.example.messages[0] = Message::user(text);
                rows.push(row);
            }
        }
        rows.sort_by(|a, b| a.example.id.cmp(&b.example.id));
        Draw { rows, labels }
    }

    /// Which texts are trained on.
    fn is_training(&self, rows: &[TrainRow]) -> Vec<bool> {
        let mut is_training = vec![false; self.texts.len()];
        for row in rows {
            let at: usize = row.example.id.split_once('-').unwrap().1.parse().unwrap();
            is_training[at] = true;
        }
        is_training
    }

    /// The percentage of the test file that the fast model finds when it is trained on each of several choices.
    fn right(&self, labels: &[usize], choices: &[Vec<TrainRow>]) -> Vec<f64> {
        let features = Features::of(self.texts.iter().map(String::as_str));
        let cuts: Vec<Vec<bool>> = choices.iter().map(|rows| self.is_training(rows)).collect();
        let cuts: Vec<&[bool]> = cuts.iter().map(Vec::as_slice).collect();
        let found = found_by_model(&features, labels, self.names.len(), &cuts);
        let test = (self.texts.len() - self.training) as f64;
        let right = |found: &Vec<bool>| found[self.training..].iter().filter(|right| **right).count();
        found
            .iter()
            .map(|found| 100.0 * right(found) as f64 / test)
            .collect()
    }
}

/// The first rows of each class: ids are random.
fn by_chance(rows: &[TrainRow], cap: usize) -> Vec<TrainRow> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let is_kept = |row: &&TrainRow| {
        let count = counts
            .entry(row.example.answer().unwrap().to_owned())
            .or_default();
        *count += 1;
        *count <= cap
    };
    rows.iter().filter(is_kept).cloned().collect()
}

/// What a cap is worth by the rows that it keeps, on the real BANKING77, which is not part of this repository.
///
/// `BANKING77=folder cargo test --release -p distill-data --lib a_cap -- --nocapture`
#[test]
fn a_cap_keeps_rows_that_teach_more_than_random_ones() {
    const DRAWS: usize = 8;
    /// Student's t of 7 degrees of freedom at 0.975.
    const T: f64 = 2.365;
    let Some(banking) = Banking77::read() else { return };
    for (cap, wrong_in) in [(20, None), (50, None), (20, Some(20)), (50, Some(20))] {
        let mut gains = Vec::new();
        let (mut ours, mut chance) = (0.0, 0.0);
        for number in 0..DRAWS {
            let Draw { mut rows, labels } = banking.draw(number, wrong_in);
            let random = by_chance(&rows, cap);
            take_over_cap(&mut rows, cap);
            assert_eq!(rows.len(), random.len());
            let right = banking.right(&labels, &[rows, random]);
            ours += right[0] / DRAWS as f64;
            chance += right[1] / DRAWS as f64;
            gains.push(right[0] - right[1]);
        }
        let mean = gains.iter().sum::<f64>() / DRAWS as f64;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (DRAWS - 1) as f64;
        let half = T * (variance / DRAWS as f64).sqrt();
        println!(
            "{cap} rows a class, one label in {wrong_in:?} wrong: {ours:.2}% right, by chance {chance:.2}%, +{mean:.2} ± {half:.2}"
        );
        assert!(mean - half > 0.0, "{gains:?}");
    }
}
