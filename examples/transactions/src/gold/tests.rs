use std::collections::HashSet;

use super::*;
use crate::{LogConfig, MonthConfig};

#[test]
fn the_gold_set_has_its_size_its_floor_and_no_row_twice() {
    let gold = World::new(2).gold(1_500);
    assert_eq!(gold.len(), 1_500);
    let ids: HashSet<String> = gold.iter().map(|row| gold_row(row).id).collect();
    assert_eq!(ids.len(), gold.len());
    for category in Category::ALL {
        let count = gold.iter().filter(|row| row.category == category).count();
        assert!(count >= GOLD_FLOOR, "{category:?} has {count} rows");
    }
    let groceries = gold
        .iter()
        .filter(|row| row.category == Category::Groceries)
        .count() as f64;
    assert!((0.08..0.13).contains(&(groceries / 1_500.0)), "{groceries}");
    assert_eq!(gold, World::new(2).gold(1_500));
}

#[test]
fn some_gold_merchants_are_not_in_the_log() {
    let world = World::new(2);
    let gold = world.gold(1_500);
    let logged: HashSet<String> = world
        .log(&[], &LogConfig::default())
        .into_iter()
        .map(|row| row.transaction.merchant)
        .collect();
    let unseen = gold.iter().filter(|row| !logged.contains(&row.merchant)).count() as f64 / gold.len() as f64;
    assert!(
        (0.07..0.25).contains(&unseen),
        "{unseen} of the gold merchants are unseen"
    );
}

#[test]
fn the_next_version_keeps_the_old_rows_and_adds_what_is_new() {
    let world = World::new(2);
    let gold = world.gold(800);
    let month = world.month(MonthConfig {
        days: 20,
        ..MonthConfig::default()
    });
    let after = world.gold_after(&gold, &month, 120);
    assert_eq!(after.len(), 920);
    assert!(gold.iter().all(|row| after.contains(row)));
    let wallet = after
        .iter()
        .filter(|row| row.text.starts_with("walletpay//"))
        .count();
    assert!((50..70).contains(&wallet), "{wallet}");
    let live: HashSet<String> = month.rows().into_iter().map(|row| row.transaction.text).collect();
    assert!(
        after
            .iter()
            .filter(|row| !gold.contains(row))
            .all(|row| !live.contains(&row.text))
    );
}
