//! What the page of a whole run says.

use std::sync::LazyLock;

use drift_stats::{OwnershipConfig, Prices, Upkeep, Workload};
use run_page::{DayView, RunPage, ServingView, render};

use crate::{markup, simulated_run::SimulatedRun};

/// Small, so that the test is quick; the sample's page is of 20,000 rows.
static RUN: LazyLock<SimulatedRun> =
    LazyLock::new(|| SimulatedRun::play(400).expect("the simulated run plays"));

/// A run of nothing but a title.
pub(crate) fn bare() -> RunPage<'static> {
    RunPage {
        title: "A run",
        generated: false,
        generations: &[],
        days: &[],
        windows: &[],
        relabelled: None,
        serving: ServingView {
            p50_ms: 3.0,
            p90_ms: 4.0,
            p99_ms: 5.0,
            rows_per_second: 1_000.0,
            threads: 2,
            answers: 10,
        },
        balance: None,
        stages: &[],
        files: &[],
    }
}

fn day(day: u32, right_first: u64, right_second: Option<u64>, new_rows: u64, alarm: bool) -> DayView {
    DayView {
        day,
        date: format!("2026-06-{day:02}"),
        rows: 100,
        right_first,
        right_second,
        new_merchant_rows: new_rows,
        new_format_rows: 0,
        alarm,
        note: None,
    }
}

#[test]
fn a_whole_run_is_one_small_page_of_sound_markup() {
    markup::check(&RUN.render());
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    assert!(RUN.render() == RUN.render(), "two pages of one run differ");
}

#[test]
fn every_part_of_a_run_has_its_section_in_the_order_of_reading() {
    let page = RUN.render();
    let headings = [
        "Where every logged call went",
        "How training went",
        "Against the teacher, on the gold set",
        "Categories, worst first",
        "The month",
        "What the monitor named",
        "Sent back to the teacher",
        "Money",
        "Time",
        "Files of this run",
    ];
    let mut places = vec![page.find("Generated data.").unwrap()];
    places.extend(
        headings
            .iter()
            .map(|heading| page.find(&format!("<h2>{heading}</h2>")).unwrap()),
    );
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_ledger_shows_every_end_and_that_it_balances() {
    RUN.with_page(|page| {
        let ledger = &page.generations[0].manifest.ledger;
        let html = render(&page);
        let reasons = ledger
            .review
            .values()
            .chain(ledger.rejected.values())
            .chain(ledger.quarantined.values());
        let counts = [ledger.train, ledger.merged_exact, ledger.merged_near]
            .into_iter()
            .chain(reasons.copied());
        for count in counts.filter(|count| (1..1000).contains(count)) {
            assert!(
                html.contains(&format!("<span class=\"count\">{count}</span>")),
                "{count}"
            );
        }
        assert_eq!(html.matches("The ledger balances.").count(), 2);
        let mut manifest = page.generations[0].manifest.clone();
        manifest.ledger.train += 1;
        let mut generation = page.generations[0].clone();
        generation.manifest = &manifest;
        let broken = render(&RunPage {
            generations: &[generation],
            ..page
        });
        assert!(broken.contains("The ledger does not balance"));
    });
}

#[test]
fn the_first_alarm_is_shown_with_its_words_and_a_row() {
    RUN.with_page(|page| {
        let window = page.windows.iter().find(|window| window.alarm).unwrap();
        let html = render(&page);
        assert!(html.contains(&format!("Window {},", window.window.unwrap())));
        let example = &window.findings[0].examples[0];
        assert!(
            html.contains(&example.input.replace('&', "&amp;")),
            "{}",
            example.input
        );
    });
}

#[test]
fn what_is_absent_is_left_out() {
    let html = render(&bare());
    markup::check(&html);
    for absent in [
        "Generated data",
        "Where every logged call went",
        "The month",
        "Money",
        "Files of this run",
    ] {
        assert!(!html.contains(absent), "{absent}");
    }
    assert!(html.contains("No model was judged"));
}

/// 2 ordinary days with 97 and 95 right, 2 new ones with 80 and 60: by hand, 96% falls to 70%.
#[test]
fn the_month_is_told_by_its_own_counts() {
    let days = [
        day(1, 97, None, 0, false),
        day(2, 95, None, 0, false),
        day(3, 80, None, 20, false),
        day(4, 60, Some(94), 20, true),
    ];
    let html = render(&RunPage {
        days: &days,
        ..bare()
    });
    assert!(html.contains("right on 96.0% of the rows of ordinary days; from day 3"));
    assert!(html.contains("falls to 70.0%. The alarm comes on day 4, 1 day later."));
    assert!(
        html.contains("The retrained model is right on 94.0% of the rows of its days, the first on 60.0%")
    );
    assert!(html.contains("96% → 70% → 94%"));
}

#[test]
fn an_alarm_without_news_is_called_false_and_news_without_alarm_missed() {
    let quiet = [day(1, 97, None, 0, true), day(2, 95, None, 0, false)];
    assert!(
        render(&RunPage {
            days: &quiet,
            ..bare()
        })
        .contains("A false alarm comes on day 1.")
    );
    let early = [day(1, 97, None, 0, true), day(2, 95, None, 9, false)];
    assert!(
        render(&RunPage {
            days: &early,
            ..bare()
        })
        .contains("A false alarm comes on day 1.")
    );
    let missed = [day(1, 97, None, 0, false), day(2, 80, None, 20, false)];
    assert!(
        render(&RunPage {
            days: &missed,
            ..bare()
        })
        .contains("No alarm comes.")
    );
}

#[test]
fn money_says_what_the_balance_says() {
    let weigh = |calls_per_day, build_hours| {
        let workload = Workload {
            calls_per_day,
            input_tokens_per_call: 900.0,
            output_tokens_per_call: 10.0,
        };
        let upkeep = Upkeep {
            build_hours,
            handed_over_share: 0.0,
            ..Upkeep::default()
        };
        OwnershipConfig::new(workload, Prices::example_november_2026())
            .with_upkeep(upkeep)
            .check()
            .unwrap()
            .weigh()
    };
    let said = |balance| {
        render(&RunPage {
            balance: Some(&balance),
            ..bare()
        })
    };
    // Few calls: 26 a day for people's hours alone, against cents.
    assert!(said(weigh(10.0, 80.0)).contains("Do not own it, as far as money says"));
    // Ten million calls: 630 a day at the hosted model, against five machines and the same hours.
    let own = said(weigh(10_000_000.0, 80.0));
    assert!(own.contains(">Own it<") && own.contains("saved a day, at 10,000,000 calls"));
    assert!(said(weigh(10_000_000.0, 1e7)).contains("Do not build it yet"));
}
