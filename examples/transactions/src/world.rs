//! The merchants of one seed, and the payments they take.

use crate::{
    Category,
    calendar::{Date, LOG_BEGINS, date},
    dice::Dice,
    head::Side,
    lexicon::{Trade, trade},
    merchant::{Merchant, Origin, brands, chains},
    place::Place,
    statement,
};

/// One card payment as a statement shows it, with what is true about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The line.
    pub text: String,
    /// What the payment was for.
    pub category: Category,
    /// Who was paid, in full.
    pub merchant: String,
    /// The part of the line by which a careful reader can tell.
    pub cue: String,
    /// What makes the line easy or hard.
    pub traits: Traits,
    /// The cue as it stands in the merchant's full name.
    pub(crate) full_cue: String,
    /// Where it was.
    pub(crate) place: Place,
}

/// What makes a line easy or hard to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traits {
    /// A chain or brand that everybody knows.
    pub known: bool,
    /// In another language.
    pub foreign: bool,
    /// The name is abbreviated or cut off.
    pub clipped: bool,
    /// The name of the house says one thing and the department another.
    pub misleading: bool,
    /// A merchant outside the world's stock, met once: the long tail.
    pub passing: bool,
}

impl Traits {
    /// How much likelier a mistake is than on an ordinary line; 1 is ordinary.
    #[must_use]
    pub fn hardness(self) -> f64 {
        [
            (self.known, 0.45),
            (self.foreign, 1.8),
            (self.clipped, 1.6),
            (self.misleading, 3.0),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, factor)| factor)
        .product()
    }
}

/// All merchants of one seed.
///
/// The same seed makes the same merchants, and a line is a function of the seed, the name of its stream and its
/// index, so lines can be made in any order and on any number of threads.
#[derive(Debug)]
pub struct World {
    seed: u64,
    side: Side,
    /// By category, in the order of [`Category::ALL`].
    stocks: Vec<Stock>,
}

/// The merchants of one category that are met again and again, with the chance of each.
#[derive(Debug)]
struct Stock {
    merchants: Vec<(Merchant, f64)>,
    /// The chance that a payment goes to a passing merchant instead.
    passing: f64,
}

/// Of the payments to local merchants and to merchants abroad, how many go to one that is met only once.
const PASSING: f64 = 0.12;

/// Of the payments of a category that has departments, how many go to one.
const DEPARTMENTS: f64 = 0.05;

impl World {
    /// The world of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::on_side(seed, Side::Traffic)
    }

    /// A world with only the merchants of one side.
    pub(crate) fn on_side(seed: u64, side: Side) -> Self {
        let stocks = Category::ALL
            .iter()
            .map(|&category| Stock::new(trade(category), seed, side))
            .collect();
        Self { seed, side, stocks }
    }

    /// The seed that it was made from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many merchants are met again and again.
    #[must_use]
    pub fn merchants(&self) -> usize {
        self.stocks.iter().map(|stock| stock.merchants.len()).sum()
    }

    /// Line `index` of a stream, at natural frequencies, on a day of the year that the log covers.
    #[must_use]
    pub fn line(&self, stream: &str, index: u64) -> Transaction {
        let day = Dice::new(self.seed, stream, index).below(365) as i64;
        self.line_on(stream, index, LOG_BEGINS + day, |_| 1.0)
    }

    /// Line `index` of a stream of one category.
    #[must_use]
    pub fn line_of(&self, category: Category, stream: &str, index: u64) -> Transaction {
        let mut dice = Dice::new(self.seed, &format!("{stream}/{}", category.name()), index);
        let day = date(LOG_BEGINS + dice.below(365) as i64);
        self.pay(category, day, &mut dice)
    }

    /// Line `index` of a stream on a given day, counted from the Unix epoch, with each category's share multiplied
    /// by what `favour` says.
    pub(crate) fn line_on(
        &self,
        stream: &str,
        index: u64,
        day: i64,
        favour: impl Fn(Category) -> f64,
    ) -> Transaction {
        let mut dice = Dice::new(self.seed, stream, index);
        let shares = Category::ALL.map(|category| (category, category.share() * favour(category)));
        let category = *dice.pick_weighted(&shares);
        self.pay(category, date(day), &mut dice)
    }

    /// A payment in a category on a day.
    fn pay(&self, category: Category, day: Date, dice: &mut Dice) -> Transaction {
        let stock = &self.stocks[category as usize];
        let passer_by;
        let passing = dice.chance(stock.passing);
        let merchant = if passing {
            passer_by = self.passer_by(trade(category), dice);
            &passer_by
        } else {
            dice.pick_weighted(&stock.merchants)
        };
        let printed = statement::print(merchant, self.seed, day, dice);
        Transaction {
            text: printed.text,
            category,
            merchant: merchant.name.clone(),
            cue: printed.cue,
            full_cue: merchant.cue.clone(),
            place: printed.place,
            traits: Traits {
                known: matches!(merchant.origin, Origin::Chain | Origin::Brand),
                foreign: matches!(merchant.origin, Origin::Abroad(_)),
                clipped: printed.clipped,
                misleading: merchant.origin == Origin::Department,
                passing,
            },
        }
    }

    fn passer_by(&self, trade: &Trade, dice: &mut Dice) -> Merchant {
        if dice.chance(trade.mix.abroad / (trade.mix.abroad + trade.mix.locals)) {
            Merchant::abroad(trade, self.side, dice)
        } else {
            Merchant::local(trade, self.side, dice)
        }
    }
}

impl Stock {
    fn new(trade: &Trade, seed: u64, side: Side) -> Self {
        let category = trade.category;
        let mut dice = Dice::new(seed, "stock", category as u64);
        let mix = trade.mix;
        let locals = ((category.share() * 2600.0) as usize).clamp(16, 320);
        let mut groups: Vec<(f64, Vec<Merchant>)> = Vec::new();
        groups.push((
            mix.chains,
            chains(trade, side)
                .map(|name| Merchant::named(trade, name, Origin::Chain, &mut dice))
                .collect(),
        ));
        groups.push((
            mix.web,
            brands(trade, side)
                .map(|name| Merchant::named(trade, name, Origin::Brand, &mut dice))
                .collect(),
        ));
        if mix.locals > 0.0 {
            groups.push((
                mix.locals,
                (0..locals)
                    .map(|_| Merchant::local(trade, side, &mut dice))
                    .collect(),
            ));
        }
        if mix.abroad > 0.0 {
            groups.push((
                mix.abroad,
                (0..locals / 2)
                    .map(|_| Merchant::abroad(trade, side, &mut dice))
                    .collect(),
            ));
        }
        groups.push((DEPARTMENTS, Merchant::departments(category, side, &mut dice)));
        let merchants: Vec<(Merchant, f64)> = groups
            .into_iter()
            .flat_map(|(share, group)| by_rank(share, group))
            .collect();
        let settled: f64 = merchants.iter().map(|(_, weight)| weight).sum();
        Self {
            merchants,
            passing: (mix.locals + mix.abroad) * PASSING / settled,
        }
    }
}

/// Divides a share among merchants so that the first are the busiest: Zipf's law, flattened at the top.
fn by_rank(share: f64, merchants: Vec<Merchant>) -> impl Iterator<Item = (Merchant, f64)> {
    let weight = |rank: usize| (rank as f64 + 4.0).powf(-0.9);
    let total: f64 = (0..merchants.len()).map(weight).sum();
    merchants
        .into_iter()
        .enumerate()
        .map(move |(rank, merchant)| (merchant, share * weight(rank) / total))
}

#[cfg(test)]
mod tests;
