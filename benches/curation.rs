//! What curation costs: `cargo bench -p benches --bench curation`.
//!
//! Texts are seeded and built outside the timer. The baseline of the join is the comparison of all pairs.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use distill_data::{
    CurateInput, CuratePlan, FieldMap, JaccardThreshold, LogFile, LogFormat, curate, near_pairs, normalise,
};
use task_spec::{Label, Task};

const CLASSES: usize = 45;

/// Lines of a bank card: a merchant of the class, a store number, a city.
fn lines(rows: usize) -> Vec<(String, usize)> {
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let name = |seed: usize| -> String {
        let mixed = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..7)
            .map(|i| char::from(b'a' + ((mixed >> (8 * i)) % 26) as u8))
            .collect()
    };
    (0..rows)
        .map(|_| {
            let class = next(CLASSES);
            let merchant = name(class * 100 + next(40));
            let line = format!(
                "{merchant} #{:04} {} {}",
                next(9999),
                name(9000 + next(60)),
                name(8000 + class * 3 + next(3))
            );
            (line, class)
        })
        .collect()
}

fn joins(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("near_pairs");
    group.sample_size(10);
    for rows in [1_000, 4_000] {
        let texts: Vec<String> = lines(rows).into_iter().map(|line| line.0).collect();
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_with_input(
            BenchmarkId::new("prefix_filter", rows),
            &texts,
            |bencher, texts| {
                bencher.iter(|| near_pairs(black_box(texts), JaccardThreshold::default()));
            },
        );
        // Quadratic: at 4,000 rows a sample of it takes minutes.
        if rows == 1_000 {
            group.bench_with_input(BenchmarkId::new("all_pairs", rows), &texts, |bencher, texts| {
                bencher.iter(|| all_pairs(black_box(texts)));
            });
        }
    }
    group.finish();
}

/// How many pairs reach 0.8 when every pair is compared, with sets sorted once.
fn all_pairs(texts: &[String]) -> usize {
    let sets: Vec<Vec<[char; 3]>> = texts
        .iter()
        .map(|text| {
            let chars: Vec<char> = normalise(text).chars().collect();
            let mut set: Vec<[char; 3]> = chars.windows(3).map(|gram| [gram[0], gram[1], gram[2]]).collect();
            set.sort_unstable();
            set.dedup();
            set
        })
        .collect();
    let mut found = 0;
    for (i, a) in sets.iter().enumerate() {
        for b in &sets[..i] {
            let (mut x, mut y, mut shared) = (0, 0, 0);
            while x < a.len() && y < b.len() {
                match a[x].cmp(&b[y]) {
                    std::cmp::Ordering::Less => x += 1,
                    std::cmp::Ordering::Greater => y += 1,
                    std::cmp::Ordering::Equal => {
                        shared += 1;
                        x += 1;
                        y += 1;
                    }
                }
            }
            found += usize::from(f64::from(shared) / (a.len() + b.len() - shared as usize) as f64 >= 0.8);
        }
    }
    found
}

fn whole(criterion: &mut Criterion) {
    let names = (0..CLASSES)
        .map(|class| Label::new(format!("class-{class}")))
        .collect();
    let task = Task::of_labels("bench", names).expect("the labels differ");
    let folder = tempfile::tempdir().expect("a folder for the log");
    let mut group = criterion.benchmark_group("curate");
    group.sample_size(10);
    for rows in [2_000, 20_000] {
        let path = folder.path().join(format!("{rows}.jsonl"));
        let rows_of_log = lines(rows).into_iter().map(|(input, class)| {
            serde_json::json!({"input": input, "answer": format!("class-{class}"), "confidence": 0.9})
        });
        stage_files::write_json_lines(&path, rows_of_log).expect("the log is written");
        let logs = [LogFile::new(&path, LogFormat::Jsonl(FieldMap::default()))];
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new("jsonl", rows), |bencher| {
            bencher.iter(|| {
                curate(&CurateInput::new(&task, &logs), &CuratePlan::default()).expect("the log is read")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, joins, whole);
criterion_main!(benches);
