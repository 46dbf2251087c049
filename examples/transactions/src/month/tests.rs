use super::*;
use crate::LogConfig;

#[test]
fn the_month_changes_on_the_days_that_it_says() {
    let world = World::new(4);
    let month = world.month(MonthConfig::default());
    let rows = month.rows();
    assert!(rows.is_sorted_by_key(|row| row.at));
    assert!((11_500..12_500).contains(&rows.len()), "{}", rows.len());
    let share = |from: usize, to: usize, is: fn(&LiveRow) -> bool| {
        let days: Vec<_> = rows.iter().filter(|row| (from..=to).contains(&row.day)).collect();
        days.iter().filter(|row| is(row)).count() as f64 / days.len() as f64
    };
    assert_eq!(share(1, 11, |row| row.new_merchant), 0.0);
    assert!((0.01..0.05).contains(&share(12, 13, |row| row.new_merchant)));
    assert!((0.08..0.12).contains(&share(20, 30, |row| row.new_merchant)));
    assert_eq!(share(1, 15, |row| row.new_format), 0.0);
    assert!((0.17..0.23).contains(&share(16, 30, |row| row.new_format)));
    for row in rows.iter().filter(|row| row.new_format) {
        assert!(row.transaction.text.contains(&row.transaction.cue), "{row:?}");
    }
    assert_eq!(rows, world.month(MonthConfig::default()).rows());
}

#[test]
fn saturdays_are_busier_than_mondays() {
    let world = World::new(4);
    let month = world.month(MonthConfig::default());
    // 1 June 2026 is a Monday.
    assert!(month.day(6).len() > month.day(1).len() + 100);
}

#[test]
fn nothing_of_the_new_merchants_was_ever_seen() {
    let world = World::new(4);
    let log = world.log(&[], &LogConfig::default());
    for word in OPERATORS.iter().chain(HIRE_WORDS).chain(&["WALLETPAY"]) {
        let seen = log
            .iter()
            .find(|row| row.transaction.text.to_uppercase().contains(word));
        assert_eq!(seen, None, "{word}");
    }
}
