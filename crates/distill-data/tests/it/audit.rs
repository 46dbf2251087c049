//! Whether the intervals of the audit cover the truth, over many draws by the real code from teachers that err in different
//! ways, among them on every text of a kind.

use std::collections::BTreeMap;

use distill_data::{
    AuditConfig, AuditRecord, AuditShare, CurateConfig, CurateInput, Curated, Duplicates, FieldMap, LogFile,
    LogFormat, ReviewConfig, ReviewedRow, curate,
};
use serde_json::json;
use task_spec::{Label, Task};

/// Draws of each world.
const DRAWS: u64 = 200;
const LABELS: usize = 12;

/// A number that is as good as random for each pair.
fn chance(of: u64, what: u64) -> f64 {
    let mut z = of.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ what.wrapping_mul(0xd6e8_feb8_6659_fd93);
    for _ in 0..3 {
        z = (z ^ (z >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// A text of a log.
struct Text {
    input: String,
    given: usize,
    right: usize,
    calls: usize,
}

/// Three frequent labels and nine rare ones. Kind 0 is said in words of its own, as the texts are that a teacher does not
/// understand.
fn texts(is_wrong: impl Fn(u64, usize, usize) -> bool, calls: impl Fn(u64, usize) -> usize) -> Vec<Text> {
    (0..400_u64)
        .map(|n| {
            let kind = (chance(n, 1) * 10.0) as usize;
            let given = match chance(n, 2) {
                share if share < 0.78 => (share / 0.26) as usize,
                share => 3 + ((share - 0.78) / 0.22 * 9.0) as usize,
            };
            let right = if is_wrong(n, kind, given) {
                (given + 1) % LABELS
            } else {
                given
            };
            let words: Vec<String> = (0..4)
                .map(|word| format!("{:x}", (chance(n, 10 + word) * 1e9) as u64))
                .collect();
            Text {
                input: format!("kind{kind} {}", words.join(" ")),
                given,
                right,
                calls: calls(n, kind),
            }
        })
        .collect()
}

/// A log of a teacher, and what is right.
struct World {
    task: Task,
    texts: Vec<Text>,
    folder: tempfile::TempDir,
}

impl World {
    fn of(texts: Vec<Text>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = |label: usize| format!("label-{label}");
        let calls = texts
            .iter()
            .flat_map(|text| std::iter::repeat_n(text, text.calls));
        let lines: Vec<String> = calls
            .map(|text| json!({"input": text.input, "answer": name(text.given)}).to_string())
            .collect();
        std::fs::write(folder.path().join("log.jsonl"), lines.join("\n")).unwrap();
        let labels = (0..LABELS).map(|label| Label::new(name(label))).collect();
        Self {
            task: Task::of_labels("sort", labels).unwrap(),
            texts,
            folder,
        }
    }

    fn curate(&self, seed: u64, reviewed: &[ReviewedRow]) -> Curated {
        let audit = AuditConfig {
            least: 40,
            least_rare: 20,
            rare_below: 30,
            seed,
            ..AuditConfig::default()
        };
        let config = CurateConfig {
            duplicates: Duplicates::MergeExact,
            suspects: None,
            review: ReviewConfig {
                audit,
                ..ReviewConfig::default()
            },
            ..CurateConfig::default()
        };
        let logs = [LogFile::new(
            self.folder.path().join("log.jsonl"),
            LogFormat::Jsonl(FieldMap::default()),
        )];
        let input = CurateInput::new(&self.task, &logs).with_reviewed(reviewed);
        curate(&input, &config.check().unwrap()).unwrap()
    }

    /// The true shares of wrong labels: of rows and calls, of all and of rare labels.
    fn truth(&self) -> [f64; 4] {
        let mut rows = BTreeMap::new();
        for text in &self.texts {
            *rows.entry(text.given).or_insert(0) += 1;
        }
        let share = |among: &dyn Fn(&&Text) -> bool, count: &dyn Fn(&Text) -> usize| {
            let of = self.texts.iter().filter(among);
            let wrong = of.clone().filter(|text| text.given != text.right);
            wrong.map(count).sum::<usize>() as f64 / of.map(count).sum::<usize>() as f64
        };
        let is_rare = |text: &&Text| rows[&text.given] < 30;
        let (one, calls) = (|_: &Text| 1, |text: &Text| text.calls);
        [
            share(&|_| true, &one),
            share(&|_| true, &calls),
            share(&is_rare, &one),
            share(&is_rare, &calls),
        ]
    }

    /// Draws, lets a person read, and counts in how many of the draws each interval covers the truth.
    fn covered(&self, person: impl Fn(&Text, u64, usize) -> bool) -> [f64; 4] {
        let right: BTreeMap<&str, &Text> = self
            .texts
            .iter()
            .map(|text| (text.input.as_str(), text))
            .collect();
        let truth = self.truth();
        let mut covered = [0_u32; 4];
        for seed in 0..DRAWS {
            let drawn = self.curate(seed, &[]).audit;
            let read = drawn.iter().enumerate();
            let read = read.filter(|(place, row)| person(right[row.input.as_str()], seed, *place));
            let answers: Vec<ReviewedRow> = read
                .map(|(_, row)| {
                    ReviewedRow::new(&row.input, format!("label-{}", right[row.input.as_str()].right))
                })
                .collect();
            let record = self.curate(seed, &answers).manifest.audit.unwrap();
            for ((share, truth), covered) in shares(&record).iter().zip(truth).zip(&mut covered) {
                let (least, most) = share.interval;
                *covered += u32::from(least - 1e-12 <= truth && truth <= most + 1e-12);
            }
        }
        println!("truth {truth:.3?}, covered in {covered:?} of {DRAWS} draws");
        covered.map(|count| f64::from(count) / DRAWS as f64)
    }
}

fn shares(record: &AuditRecord) -> [AuditShare; 4] {
    let rare = &record.rare.as_ref().unwrap().estimate;
    [
        record.all.by_rows,
        record.all.by_calls,
        rare.by_rows,
        rare.by_calls,
    ]
}

fn everything(_: &Text, _: u64, _: usize) -> bool {
    true
}

#[test]
fn intervals_cover_the_truth_where_the_teacher_errs_by_chance() {
    let world = World::of(texts(
        |n, _, _| chance(n, 3) < 0.06,
        |n, _| 1 + (chance(n, 4) * 3.0) as usize,
    ));
    for share in world.covered(everything) {
        assert!(share >= 0.95, "{share}");
    }
}

#[test]
fn intervals_cover_the_truth_where_the_teacher_errs_on_every_text_of_a_kind() {
    // The kind is asked about more often than others, and rare labels are wrong besides.
    let world = World::of(texts(
        |n, kind, given| kind == 0 || (given > 2 && chance(n, 3) < 0.2),
        |n, kind| {
            if kind == 0 {
                9
            } else {
                1 + (chance(n, 4) * 2.0) as usize
            }
        },
    ));
    let truth = world.truth();
    assert!(
        truth[1] > 2.0 * truth[0],
        "wrong by rows and by calls are two things: {truth:?}"
    );
    for share in world.covered(everything) {
        assert!(share >= 0.95, "{share}");
    }
}

#[test]
fn intervals_cover_the_truth_where_few_rows_have_most_calls() {
    // Shares of calls as in a power law: row by row they tell next to nothing of the traffic.
    let heavy = |n: u64, _| (1.0 / (chance(n, 4) + 0.002)) as usize + 1;
    let world = World::of(texts(|n, _, _| chance(n, 3) < 0.08, heavy));
    for share in world.covered(everything) {
        assert!(share >= 0.95, "{share}");
    }
}

#[test]
fn intervals_cover_the_truth_where_a_person_stops_early_and_passes_over_what_is_wrong() {
    let world = World::of(texts(
        |n, kind, _| kind == 0 || chance(n, 3) < 0.05,
        |n, _| 1 + (chance(n, 4) * 3.0) as usize,
    ));
    let person = |text: &Text, seed: u64, place: usize| {
        let is_hard = text.given != text.right && chance(seed, 100 + place as u64) < 0.5;
        place < 50 && !is_hard
    };
    for share in world.covered(person) {
        assert!(share >= 0.95, "{share}");
    }
}
