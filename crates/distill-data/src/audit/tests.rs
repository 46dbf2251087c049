use proptest::prelude::*;
use serde_json::Value;

use super::{
    draw::{CallDraws, Candidate, DrawSize, RowDraws, number},
    *,
};

fn oracle(of: &str) -> Vec<Vec<f64>> {
    let file: Value = serde_json::from_str(include_str!("../../tests/oracle/audit_interval.json")).unwrap();
    serde_json::from_value(file[of].clone()).unwrap()
}

#[test]
fn the_interval_of_rows_is_that_of_trying_every_number() {
    // Oracle: tests/oracle/audit_interval.py. Whole numbers, so that nothing is left to a tolerance.
    for case in oracle("hypergeometric") {
        let [wrong, drawn, population, least, most] = case[..] else {
            panic!("{case:?}")
        };
        let found = hypergeometric(wrong as u64, drawn as u64, population as u64);
        assert_eq!(found, (least as u64, most as u64), "{case:?}");
    }
}

#[test]
fn the_interval_of_calls_is_that_of_statsmodels() {
    // Oracle: tests/oracle/audit_interval.py. Both invert the same function in float64, by different methods.
    for case in oracle("clopper_pearson") {
        let [wrong, drawn, least, most] = case[..] else {
            panic!("{case:?}")
        };
        let found = clopper_pearson(wrong as usize, drawn as usize);
        assert!(
            (found.0 - least).abs() < 1e-9 && (found.1 - most).abs() < 1e-9,
            "{case:?} {found:?}"
        );
    }
    assert_eq!(clopper_pearson(0, 0), (0.0, 1.0));
}

proptest! {
    #[test]
    fn an_interval_holds_the_share_and_ends_where_all_is_read(
        (population, drawn, wrong) in (1..3000_u64).prop_flat_map(|n| (Just(n), 1..=n)).prop_flat_map(|(n, d)| (Just(n), Just(d), 0..=d)),
    ) {
        let (least, most) = hypergeometric(wrong, drawn, population);
        prop_assert!(wrong <= least && least <= most && most <= population - (drawn - wrong));
        // The nearest whole number to the share of the drawn is no outlier among its own draws.
        let share = wrong as f64 / drawn as f64 * population as f64;
        prop_assert!(least as f64 <= share + 1.0 && share - 1.0 <= most as f64);
        prop_assert_eq!(hypergeometric(wrong, population.max(wrong), population), (wrong, wrong));
    }
}

/// A row that is kept on the teacher's word.
struct KeptRow<'a> {
    id: &'a str,
    label: usize,
    calls: usize,
    /// Whether a person has found the label wrong; `None` if nobody has read the row.
    is_wrong: Option<bool>,
}

/// What is drawn of rows: those that nobody has read, in their order, by place, and the account.
struct Audit {
    order: Vec<usize>,
    record: AuditRecord,
}

impl Audit {
    fn of(rows: &[KeptRow<'_>], label_name: impl Fn(usize) -> String, config: &AuditConfig) -> Option<Self> {
        let mut counts = AuditCounts::default();
        rows.iter()
            .for_each(|row| counts.add(row.label, KeptRows::one(row.calls as u64)));
        let mut draw = counts.draw(config);
        rows.iter()
            .for_each(|row| draw.push(row.id, row.label, row.calls));
        let place = |id: &str| rows.iter().position(|row| row.id == id).unwrap();
        let drawn = draw.finish(label_name, |id, _| rows[place(id)].is_wrong)?;
        Some(Self {
            order: drawn.unread.iter().map(|id| place(id)).collect(),
            record: drawn.record,
        })
    }
}

/// Rows that may be drawn with this seed.
fn candidates(rows: &[KeptRow<'_>], seed: u64) -> Vec<Candidate> {
    let candidate = |row: &KeptRow<'_>| Candidate {
        number: number(row.id, seed),
        id: row.id.to_owned(),
        label: row.label,
        calls: row.calls,
    };
    rows.iter().map(candidate).collect()
}

/// Rows with their labels and calls, in the order of their ids.
struct World {
    ids: Vec<String>,
    labels: Vec<usize>,
    calls: Vec<usize>,
}

impl World {
    fn of(calls: impl IntoIterator<Item = usize>, label: impl Fn(usize) -> usize) -> Self {
        let calls: Vec<usize> = calls.into_iter().collect();
        Self {
            ids: (0..calls.len()).map(|row| format!("{row:016}")).collect(),
            labels: (0..calls.len()).map(label).collect(),
            calls,
        }
    }

    fn rows(&self, is_wrong: impl Fn(usize) -> Option<bool>) -> Vec<KeptRow<'_>> {
        (0..self.ids.len())
            .map(|row| KeptRow {
                id: &self.ids[row],
                label: self.labels[row],
                calls: self.calls[row],
                is_wrong: is_wrong(row),
            })
            .collect()
    }
}

fn audit(rows: &[KeptRow<'_>], config: &AuditConfig) -> Audit {
    Audit::of(rows, |label| format!("label {label}"), config).unwrap()
}

#[test]
fn a_draw_depends_on_ids_and_seed_and_outlasts_growth() {
    let config = AuditConfig::default();
    let world = World::of((0..3000).map(|row| 1 + row % 7), |_| 0);
    let rows = world.rows(|_| None);
    let drawn = audit(&rows, &config).order;
    let again = audit(
        &rows,
        &AuditConfig {
            seed: 1,
            ..config.clone()
        },
    )
    .order;
    assert_ne!(drawn, again);
    // 2% of the rows and as many calls.
    assert!((60..=120).contains(&drawn.len()), "{}", drawn.len());
    let few = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(few.install(|| audit(&rows, &config).order), drawn);
    // A third more rows: as the share of them is drawn, what was drawn is drawn again, but for calls that a new row has won.
    let grown = World::of((0..4000).map(|row| 1 + row % 7), |_| 0);
    let after = audit(&grown.rows(|_| None), &config).order;
    let kept = drawn.iter().filter(|row| after.contains(row)).count();
    assert!(kept * 100 > drawn.len() * 75, "{kept} of {}", drawn.len());
}

#[test]
fn calls_are_drawn_in_proportion_to_their_number() {
    // One row in ten has 91 calls, the others one: 91% of the calls. 4000 draws have a standard error of 0.45%.
    let world = World::of((0..1000).map(|row| if row % 10 == 0 { 91 } else { 1 }), |_| 0);
    let rows = world.rows(|_| None);
    let candidates = candidates(&rows, 3);
    let place = |drawn: Candidate| rows.iter().position(|row| row.id == drawn.id).unwrap();
    let mut draws = CallDraws::new(DrawSize(4000));
    // However the rows are cut.
    for some in candidates.chunks(333) {
        draws.push(&some.iter().collect::<Vec<_>>());
    }
    let drawn: Vec<usize> = draws.finish().into_iter().map(place).collect();
    let heavy = drawn.iter().filter(|row| **row % 10 == 0).count() as f64 / 4000.0;
    assert!((heavy - 0.91).abs() < 0.018, "{heavy}");
    // Among the heavy ones none is favoured: the fullest of 100 rows has 3640 / 100 draws and no more than chance adds.
    let most = (0..100)
        .map(|heavy| drawn.iter().filter(|row| **row == heavy * 10).count())
        .max();
    assert!(most < Some(65), "{most:?}");
    let mut draws = RowDraws::new(DrawSize(500));
    candidates.iter().for_each(|row| draws.push(row));
    let drawn = draws.finish();
    assert!(drawn.len() == 500 && drawn.is_sorted_by_key(|row| row.number));
    let rows_drawn: Vec<usize> = drawn.into_iter().map(place).collect();
    let heavy = rows_drawn.iter().filter(|row| **row % 10 == 0).count();
    assert!((30..=70).contains(&heavy), "{heavy} of 50 expected");
}

#[test]
fn rows_that_stand_for_equally_many_calls_are_drawn_once_for_both() {
    let config = AuditConfig::default();
    let world = World::of([3; 1000], |_| 0);
    let read = audit(&world.rows(|row| Some(row % 10 == 0)), &config);
    assert_eq!((read.record.drawn, read.order.len()), (60, 0));
    let AuditEstimate { by_rows, by_calls } = read.record.all;
    assert_eq!((by_rows.of, by_calls.of), (1000, 3000));
    assert_eq!(
        (by_rows.share, by_rows.interval),
        (by_calls.share, by_calls.interval)
    );
}

#[test]
fn rare_labels_have_draws_and_a_line_of_their_own() {
    // 1000 rows of one label, and 12 of each of four.
    let world = World::of(
        [1; 1048],
        |row| if row < 1000 { 0 } else { 1 + (row - 1000) / 12 },
    );
    let config = AuditConfig {
        rare_below: 20,
        ..AuditConfig::default()
    };
    let found = audit(&world.rows(|row| Some(row >= 1000)), &config).record;
    let rare = found.rare.unwrap();
    assert_eq!(
        rare.labels,
        [1, 2, 3, 4].map(|label| (format!("label {label}"), 12)).into()
    );
    assert_eq!(rare.estimate.by_rows.of, 48);
    // All of these are wrong, and none of the others.
    assert_eq!(
        (rare.estimate.by_rows.drawn, rare.estimate.by_rows.wrong),
        (30, 30)
    );
    assert!(
        rare.estimate.by_rows.interval.0 > 0.8 && found.all.by_rows.interval.1 < 0.2,
        "{rare:?}"
    );
}

#[test]
fn whoever_stops_early_has_read_a_smaller_sample() {
    let config = AuditConfig::default();
    let world = World::of((0..2000).map(|row| 1 + row % 5), |_| 0);
    let order = audit(&world.rows(|_| None), &config).order;
    let read: Vec<usize> = order[..40].to_vec();
    let found = audit(&world.rows(|row| read.contains(&row).then_some(false)), &config).record;
    assert_eq!((found.drawn, found.answered, found.wrong), (order.len(), 40, 0));
    for share in [found.all.by_rows, found.all.by_calls] {
        assert_eq!((share.passed_over, share.share), (0, Some(0.0)), "{share:?}");
        assert!((15..=25).contains(&share.answered), "{share:?}");
    }
    // 20 rows without a wrong one leave up to 16.8%.
    assert!(found.all.by_rows.interval.1 > 0.12, "{found:?}");
}

#[test]
fn what_was_passed_over_may_be_right_or_wrong() {
    let config = AuditConfig::default();
    let world = World::of([1; 1000], |_| 0);
    let order = audit(&world.rows(|_| None), &config).order;
    let all = audit(&world.rows(|row| Some(row == order[9])), &config)
        .record
        .all
        .by_rows;
    let passed = |row: usize| (!order[10..15].contains(&row)).then_some(row == order[9]);
    let some = audit(&world.rows(passed), &config).record.all.by_rows;
    assert_eq!((some.answered, some.passed_over, some.wrong), (55, 5, 1));
    assert_eq!(some.interval.0, all.interval.0, "all five may be right");
    // All five may be wrong: as if 6 of 60 were.
    assert_eq!(some.interval.1, hypergeometric(6, 60, 1000).1 as f64 / 1000.0);
    let none = audit(&world.rows(|_| None), &config).record.all.by_rows;
    assert_eq!((none.share, none.interval), (None, (0.0, 1.0)));
}

#[test]
fn nothing_is_drawn_of_nothing_or_where_nothing_is_asked_for() {
    let off = AuditConfig {
        share: 0.0,
        least: 0,
        least_rare: 0,
        ..AuditConfig::default()
    };
    let world = World::of([1; 10], |_| 0);
    let name = |_| String::new();
    assert!(Audit::of(&world.rows(|_| None), name, &off).is_none());
    assert!(Audit::of(&[], name, &AuditConfig::default()).is_none());
    // Ten rows are all drawn: what is read of all has no interval left.
    let found = audit(&world.rows(|row| Some(row < 3)), &AuditConfig::default()).record;
    assert_eq!(found.all.by_rows.interval, (0.3, 0.3));
}
