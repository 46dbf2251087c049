//! What a person reads first: the run in four sentences and four figures.

use drift_stats::{Balance, Verdict as OwnVerdict, Way};
use gold_eval::Verdict;
use maud::{Markup, html};

use crate::{
    DayView, GenerationView, RunPage,
    figures::{count, counted, milliseconds, money, one_line, percent, share},
};

/// The heading, the warning if the log is generated, the verdict in plain words, and the figures.
pub(crate) fn opening(page: &RunPage<'_>) -> Markup {
    html! {
        header class="top" {
            h1 { (one_line(page.title, 160)) }
            @if page.generated {
                p class="generated" {
                    strong { "Generated data." } " The log, its teacher and the month are simulated, mistakes included. "
                    "This page shows that the loop works; what a model reaches on your calls, only your calls can show."
                }
            }
        }
        (verdict(page))
        dl class="tiles" {
            @if let Some(last) = page.generations.last() { (accuracy_tile(last)) }
            @if let Some(month) = Month::of(page.days) { (month_tile(&month)) }
            @if let Some(balance) = page.balance { (money_tile(balance)) }
            div {
                dt { "One answer" } dd { (milliseconds(page.serving.p50_ms)) }
                dd class="small" { "half of all; " (milliseconds(page.serving.p99_ms)) " for 99 in 100" }
            }
        }
    }
}

fn verdict(page: &RunPage<'_>) -> Markup {
    let (class, sign, word) = match page.generations.last().map(|last| last.report.verdict) {
        Some(Verdict::Ship) => ("ship", "✓", "The gate says: ship"),
        Some(Verdict::Hold) => ("hold", "✕", "The gate says: hold"),
        Some(Verdict::CannotTell) => ("open", "?", "The gate cannot tell"),
        None => ("open", "?", "No model was judged"),
    };
    html! {
        div class={ "verdict " (class) } {
            div class="word" { span aria-hidden="true" { (sign) } span { (word) } }
            ul class="story" {
                @for generation in page.generations { li { (against_teacher(generation)) } }
                @if let Some(month) = Month::of(page.days) { li { (month.in_words()) } }
                @if let Some(balance) = page.balance { li { (money_in_words(balance)) } }
            }
        }
    }
}

fn against_teacher(generation: &GenerationView<'_>) -> String {
    let report = generation.report;
    let (own, teacher) = (&report.candidate.score, &report.baseline.score);
    let verdict = match report.verdict {
        Verdict::Ship => "every rule of the gate passes",
        Verdict::Hold => "the gate holds it back",
        Verdict::CannotTell => "the rows are too few for the gate to decide",
    };
    format!(
        "{}: right on {} of {}, the teacher on {}; {verdict}.",
        one_line(generation.name, 60),
        percent(own.accuracy.value),
        counted(report.gold.rows, "gold row"),
        percent(teacher.accuracy.value),
    )
}

/// The days in figures.
pub(crate) struct Month<'a> {
    before: Right,
    /// The days with something new on them, by the first adapter.
    drifted: Right,
    first_new: Option<&'a DayView>,
    first_alarm: Option<&'a DayView>,
    /// The days on which both adapters are known: the first, the second.
    both: (Right, Right),
}

/// Rows and how many of them are right.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Right {
    right: u64,
    rows: u64,
}

impl Right {
    fn add(&mut self, right: u64, rows: u64) {
        self.right += right;
        self.rows += rows;
    }

    fn share(self) -> Option<f64> {
        (self.rows > 0).then(|| share(self.right, self.rows))
    }
}

impl<'a> Month<'a> {
    /// The figures of some days; `None` without rows.
    pub(crate) fn of(days: &'a [DayView]) -> Option<Self> {
        let mut month = Self {
            before: Right::default(),
            drifted: Right::default(),
            first_new: days.iter().find(|day| has_news(day)),
            first_alarm: days.iter().find(|day| day.alarm),
            both: Default::default(),
        };
        for day in days {
            let kind = if has_news(day) {
                &mut month.drifted
            } else {
                &mut month.before
            };
            kind.add(day.right_first, day.rows);
            if let Some(second) = day.right_second {
                month.both.0.add(day.right_first, day.rows);
                month.both.1.add(second, day.rows);
            }
        }
        days.iter().any(|day| day.rows > 0).then_some(month)
    }

    fn in_words(&self) -> String {
        let mut words = match (self.before.share(), self.drifted.share(), self.first_new) {
            (Some(before), Some(drifted), Some(new)) => format!(
                "In the month the first model is right on {} of the rows of ordinary days; from day {} new \
                 merchants or a new format come in, and it falls to {}.",
                percent(before),
                new.day,
                percent(drifted)
            ),
            (Some(before), ..) => format!(
                "In the month the first model is right on {} of the rows.",
                percent(before)
            ),
            _ => "The month has no ordinary days to compare with.".to_owned(),
        };
        match (self.first_alarm, self.first_new) {
            (Some(alarm), Some(new)) if alarm.day == new.day => {
                words.push_str(" The alarm comes on that day.");
            }
            (Some(alarm), Some(new)) if alarm.day > new.day => words.push_str(&format!(
                " The alarm comes on day {}, {} later.",
                alarm.day,
                counted(u64::from(alarm.day - new.day), "day")
            )),
            (Some(alarm), _) => words.push_str(&format!(" A false alarm comes on day {}.", alarm.day)),
            (None, Some(_)) => words.push_str(" No alarm comes."),
            (None, None) => {}
        }
        if let (Some(first), Some(second)) = (self.both.0.share(), self.both.1.share()) {
            words.push_str(&format!(
                " The retrained model is right on {} of the rows of its days, the first on {} of the same rows.",
                percent(second),
                percent(first)
            ));
        }
        words
    }
}

fn has_news(day: &DayView) -> bool {
    day.new_merchant_rows + day.new_format_rows > 0
}

fn accuracy_tile(generation: &GenerationView<'_>) -> Markup {
    let report = generation.report;
    let comparison = &report.against_baseline;
    html! {
        div {
            dt { "Right on the gold set" } dd { (percent(report.candidate.score.accuracy.value)) }
            dd class="small" {
                "teacher " (percent(report.baseline.score.accuracy.value)) "; difference "
                (format!("{:+.1} to {:+.1}", 100.0 * comparison.interval.low, 100.0 * comparison.interval.high).replace('-', "\u{2212}"))
                " points"
            }
        }
    }
}

fn month_tile(month: &Month<'_>) -> Markup {
    let shown = |right: Right| {
        right
            .share()
            .map_or_else(|| "–".to_owned(), |share| format!("{:.0}%", 100.0 * share))
    };
    html! {
        div {
            dt { "Right in the month" }
            dd class="row" { (shown(month.before)) " → " (shown(month.drifted)) @if month.both.1.rows > 0 { " → " (shown(month.both.1)) } }
            dd class="small" { "ordinary days, after the change" @if month.both.1.rows > 0 { ", retrained" } }
        }
    }
}

/// What the owned way saves against the cheaper of the two others; negative where it is dearer.
fn net_per_day(balance: &Balance) -> f64 {
    balance
        .frontier
        .net_per_day
        .min(balance.hosted_decision.net_per_day)
}

fn money_tile(balance: &Balance) -> Markup {
    let net = net_per_day(balance);
    let word = if net >= 0.0 { "saved" } else { "dearer" };
    html! {
        div {
            dt { "Owning the model" }
            dd { (money(net.abs(), &balance.currency)) }
            dd class="small" {
                (word) " a day, at " (count(balance.calls_per_day.max(0.0) as u64))
                " calls, against the cheaper of the two other ways"
            }
        }
    }
}

fn money_in_words(balance: &Balance) -> String {
    let (calls, currency) = (count(balance.calls_per_day.max(0.0) as u64), &balance.currency);
    let against_frontier = balance.frontier.net_per_day;
    let frontier = format!(
        "At {calls} calls a day it {} {} a day against the frontier model",
        if against_frontier >= 0.0 { "saves" } else { "costs" },
        money(against_frontier.abs(), currency)
    );
    let rest = match (balance.verdict, balance.cheapest) {
        (OwnVerdict::Own, _) => format!(
            ", {} against a hosted decision model, and its building comes back in time.",
            money(balance.hosted_decision.net_per_day, currency)
        ),
        (OwnVerdict::DoNotBuildYet, _) => {
            ", and is the cheapest to run, but its building does not come back in time.".to_owned()
        }
        (OwnVerdict::DoNotOwn, Way::HostedDecision) => format!(
            "{} a hosted decision model is cheaper still, by {}: at this volume money is no reason to own it.",
            if against_frontier >= 0.0 {
                ", but"
            } else {
                " more;"
            },
            money(-balance.hosted_decision.net_per_day, currency)
        ),
        (OwnVerdict::DoNotOwn, _) => " more: at this volume money is no reason to own it.".to_owned(),
    };
    frontier + &rest
}
