//! A month of live traffic in which the world changes.

use serde::{Deserialize, Serialize};

use crate::{
    Category, Traits, Transaction, World,
    calendar::{DAY, MONTH_BEGINS, date, weekday},
    dice::Dice,
    place::Place,
    spelling::handle,
};

/// What happens in the month. Days count from 1; every share is a probability in 0..1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonthConfig {
    /// How many days it has. Default 30.
    pub days: usize,
    /// How many rows an average day has. Default 400.
    pub rows_a_day: usize,
    /// The first day with merchants of a kind that nobody has seen: scooters and pods hired by the minute, which
    /// belong to ride-hailing. Default 12.
    pub new_merchants_from: usize,
    /// Their share of the traffic once they are common, a week later. Default 0.1.
    pub new_merchants: f64,
    /// The first day on which a payment processor sends another layout. Default 16.
    pub new_format_from: usize,
    /// The share of the traffic that has it. Default 0.2.
    pub new_format: f64,
}

impl Default for MonthConfig {
    fn default() -> Self {
        Self {
            days: 30,
            rows_a_day: 400,
            new_merchants_from: 12,
            new_merchants: 0.1,
            new_format_from: 16,
            new_format: 0.2,
        }
    }
}

/// One live request, with its true answer for the demonstration's own bookkeeping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRow {
    /// Unique in the month.
    pub id: String,
    /// When, in seconds since the Unix epoch, UTC; rows come in this order.
    pub at: i64,
    /// The day of the month, from 1.
    pub day: usize,
    /// The line and what is true about it.
    pub transaction: Transaction,
    /// Whether the merchant is of the new kind.
    pub new_merchant: bool,
    /// Whether the line has the new format.
    pub new_format: bool,
}

/// A month of traffic in a world, the one after its log.
#[derive(Debug)]
pub struct Month<'a> {
    world: &'a World,
    config: MonthConfig,
}

impl World {
    /// The month after the log.
    #[must_use]
    pub fn month(&self, config: MonthConfig) -> Month<'_> {
        Month { world: self, config }
    }
}

/// The traffic of each day of the week against the average, from Monday.
const WEEK: [f64; 7] = [0.88, 0.90, 0.95, 1.0, 1.18, 1.22, 0.87];

impl Month<'_> {
    /// The rows of the whole month in order of time.
    #[must_use]
    pub fn rows(&self) -> Vec<LiveRow> {
        (1..=self.config.days).flat_map(|day| self.day(day)).collect()
    }

    /// The rows of one day, from 1, in order of time.
    #[must_use]
    pub fn day(&self, day: usize) -> Vec<LiveRow> {
        let days = MONTH_BEGINS + day as i64 - 1;
        let rows = (self.config.rows_a_day as f64 * WEEK[weekday(days)]).round() as usize;
        (0..rows)
            .map(|row| {
                let index = (day as u64) << 32 | row as u64;
                let mut dice = Dice::new(self.world.seed(), "month/kind", index);
                let new_merchant = dice.chance(self.new_merchant_share(day));
                let new_format = day >= self.config.new_format_from && dice.chance(self.config.new_format);
                LiveRow {
                    id: format!("live-{day:02}-{row:04}"),
                    // Spread over the waking hours, from six.
                    at: days * DAY + 6 * 3600 + (row as i64 * 17 * 3600) / rows as i64,
                    day,
                    transaction: self.transaction("month", index, days, new_merchant, new_format),
                    new_merchant,
                    new_format,
                }
            })
            .collect()
    }

    /// A line of what is new: the new kind of merchant and the new format in turn.
    pub(crate) fn novel(&self, stream: &str, index: u64) -> Transaction {
        let days = MONTH_BEGINS + self.config.days as i64 - 1;
        let merchant = index.is_multiple_of(2);
        self.transaction(stream, index, days, merchant, !merchant)
    }

    /// New merchants start at a quarter of their final share and take a week to reach it.
    fn new_merchant_share(&self, day: usize) -> f64 {
        match day.checked_sub(self.config.new_merchants_from) {
            None => 0.0,
            Some(since) => self.config.new_merchants * (0.25 + 0.75 * (since as f64 / 7.0).min(1.0)),
        }
    }

    fn transaction(
        &self,
        stream: &str,
        index: u64,
        days: i64,
        new_merchant: bool,
        new_format: bool,
    ) -> Transaction {
        let mut dice = Dice::new(self.world.seed(), &format!("{stream}/new"), index);
        let transaction = if new_merchant {
            hired_by_the_minute(&mut dice)
        } else {
            self.world
                .line_on(stream, index, days, |category| favour(category, weekday(days)))
        };
        if new_format {
            wallet_layout(transaction, days)
        } else {
            transaction
        }
    }
}

/// How much more of a category there is on a day of the week, 0 for Monday.
fn favour(category: Category, of_week: usize) -> f64 {
    use Category as C;
    let weekend = of_week >= 5;
    match category {
        C::EatingOut | C::FoodDelivery | C::Cinema | C::Clothing | C::HardwareStore if weekend => 1.4,
        C::EatingOut | C::FoodDelivery | C::RideHailing if of_week == 4 => 1.3,
        C::Parking | C::PublicTransport | C::Coffee if weekend => 0.7,
        C::Childcare | C::Tuition | C::Doctors | C::Dentist | C::GovernmentFees if weekend => 0.3,
        _ => 1.0,
    }
}

/// Operators of scooters and pods. None of these words, nor those around them, is anywhere else in this crate.
pub(crate) const OPERATORS: &[&str] = &[
    "WHIRRO", "QWIXI", "GLYDA", "SKEDADDL", "ZUMMIT", "VEEPO", "BUZZBYKE", "TROTTI", "NIPPIT", "OOMPH-E",
    "ROLLIZO", "KIKKA",
];

/// What the operators write behind their names.
pub(crate) const HIRE_WORDS: &[&str] = &[
    "E-SCOOT",
    "SCOOTSHARE",
    "UNLOCK",
    "MICROMOBILITY",
    "EMOPED",
    "AUTOPOD",
    "PERMINUTE",
    "DOCKLESS",
];

fn hired_by_the_minute(dice: &mut Dice) -> Transaction {
    let operator = *dice.pick_early(OPERATORS);
    let word = *dice.pick(HIRE_WORDS);
    let place = Place::home(dice);
    let Place { city, region, .. } = place;
    let text = match dice.below(5) {
        0 => format!("{operator}*{word} {}", dice.code(5)),
        1 => format!("{operator} {word} {city} {region}"),
        2 => format!("{operator} {word} {} {city}", dice.digits(6)),
        3 => format!("POS DEBIT {operator} {word} {region}"),
        _ => format!("{operator}* {word} {} {region}", dice.code(4)),
    };
    Transaction {
        text,
        category: Category::RideHailing,
        merchant: format!("{operator} {word}"),
        cue: word.to_owned(),
        full_cue: word.to_owned(),
        traits: Traits::default(),
        place,
    }
}

/// The layout of a processor that makes a handle of the merchant's name, as wallets do.
fn wallet_layout(transaction: Transaction, days: i64) -> Transaction {
    let day = date(days);
    let place = transaction.place;
    let text = format!(
        "walletpay//{}-{:02}-{:02}//@{}//{}-{}",
        day.year,
        day.month,
        day.day,
        handle(&transaction.merchant),
        handle(place.city),
        handle(place.country),
    );
    Transaction {
        text,
        cue: handle(&transaction.full_cue),
        traits: Traits {
            clipped: false,
            ..transaction.traits
        },
        ..transaction
    }
}

#[cfg(test)]
mod tests;
