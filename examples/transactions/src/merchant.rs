//! Who is paid.

use crate::{
    Category,
    dice::Dice,
    head::{self, Side},
    lexicon::{DEPARTMENTS, Setting, Tongue, Trade, trade},
    place::Place,
};

/// How a merchant came by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A chain that everybody knows by name.
    Chain,
    /// A brand on the web.
    Brand,
    /// A local merchant, named by itself and its trade.
    Local,
    /// A local merchant abroad.
    Abroad(Tongue),
    /// A part of a chain that trades as something else.
    Department,
}

/// A merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Merchant {
    /// The whole name, in upper case.
    pub(crate) name: String,
    /// The part of the name by which a reader decides.
    pub(crate) cue: String,
    pub(crate) category: Category,
    pub(crate) setting: Setting,
    pub(crate) origin: Origin,
    /// Where it is; a chain's stores are elsewhere.
    pub(crate) place: Place,
    /// How many stores it has.
    pub(crate) stores: usize,
}

impl Merchant {
    /// A chain or brand by its name.
    pub(crate) fn named(trade: &Trade, name: &str, origin: Origin, dice: &mut Dice) -> Self {
        Self {
            name: name.to_owned(),
            cue: name.to_owned(),
            category: trade.category,
            setting: if origin == Origin::Brand {
                Setting::Web
            } else {
                trade.setting
            },
            origin,
            place: Place::home(dice),
            stores: if trade.setting == Setting::Till {
                dice.between(80, 240)
            } else {
                1
            },
        }
    }

    /// A local merchant at home.
    pub(crate) fn local(trade: &Trade, side: Side, dice: &mut Dice) -> Self {
        let pattern = dice.pick_early(trade.words);
        Self::from_pattern(trade, pattern, Origin::Local, Place::home(dice), side, dice)
    }

    /// A local merchant abroad.
    pub(crate) fn abroad(trade: &Trade, side: Side, dice: &mut Dice) -> Self {
        let &(tongue, pattern) = dice.pick_early(trade.abroad);
        let place = Place::abroad(tongue, dice);
        Self::from_pattern(trade, pattern, Origin::Abroad(tongue), place, side, dice)
    }

    fn from_pattern(
        trade: &Trade,
        pattern: &str,
        origin: Origin,
        place: Place,
        side: Side,
        dice: &mut Dice,
    ) -> Self {
        let tongue = match origin {
            Origin::Abroad(tongue) => Some(tongue),
            _ => None,
        };
        let (name, cue) = match pattern.strip_prefix('!') {
            Some(alone) => (alone.to_owned(), alone.to_owned()),
            None => {
                let head = head::draw(side, trade.naming(), tongue, place, dice);
                // Not "RAMIREZ COUNTY COUNTY CLERK".
                let head = match head.strip_suffix(" COUNTY") {
                    Some(bare) if pattern.starts_with("COUNTY") => bare,
                    _ => &head,
                };
                fill(pattern, head)
            }
        };
        Self {
            name,
            cue,
            category: trade.category,
            setting: trade.setting,
            origin,
            place,
            stores: if trade.setting == Setting::Bank { 12 } else { 1 },
        }
    }

    /// Every department that the chains of a side have for a category.
    pub(crate) fn departments(category: Category, side: Side, dice: &mut Dice) -> Vec<Self> {
        DEPARTMENTS
            .iter()
            .filter(|department| department.category == category)
            .flat_map(|department| {
                let house = trade(department.house);
                chains(house, side).map(move |chain| (department, house, chain))
            })
            .map(|(department, house, chain)| Self {
                name: format!("{chain} {}", department.cue),
                cue: department.cue.to_owned(),
                category,
                setting: house.setting,
                origin: Origin::Department,
                place: Place::home(dice),
                stores: if house.setting == Setting::Till { 60 } else { 1 },
            })
            .collect()
    }

    /// Whether the name says nothing of who is paid, as with a bank's own fees.
    pub(crate) fn is_nameless(&self) -> bool {
        self.name == self.cue && matches!(self.origin, Origin::Local | Origin::Abroad(_))
    }
}

/// The chains of a trade on one side: every fifth, from the third on, is for pretraining, so that both sides have
/// some wherever there are three.
pub(crate) fn chains(trade: &Trade, side: Side) -> impl Iterator<Item = &'static str> + use<> {
    let names = trade.chains;
    names
        .iter()
        .enumerate()
        .filter(move |(rank, _)| (rank % 5 == 2) == (side == Side::Pretraining))
        .map(|(_, name)| *name)
}

/// The web brands of a trade on one side, divided as the chains are.
pub(crate) fn brands(trade: &Trade, side: Side) -> impl Iterator<Item = &'static str> + use<> {
    let names = trade.web;
    names
        .iter()
        .enumerate()
        .filter(move |(rank, _)| (rank % 5 == 2) == (side == Side::Pretraining))
        .map(|(_, name)| *name)
}

/// Puts a name into a pattern, and says which part of the result is the cue.
fn fill(pattern: &str, head: &str) -> (String, String) {
    let Some((before, after)) = pattern.split_once('^') else {
        return (format!("{head} {pattern}"), pattern.to_owned());
    };
    let cue = if after.trim().is_empty() { before } else { after };
    (format!("{before}{head}{after}"), cue.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cue_is_the_part_of_the_pattern_that_decides() {
        let check = |pattern: &str, name: &str, cue: &str| {
            assert_eq!(fill(pattern, "BLUE FOX"), (name.to_owned(), cue.to_owned()));
        };
        check("GRILL", "BLUE FOX GRILL", "GRILL");
        check("CAFE ^", "CAFE BLUE FOX", "CAFE");
        check("GARE ^ BILLETS", "GARE BLUE FOX BILLETS", "BILLETS");
    }

    #[test]
    fn no_chain_is_on_both_sides() {
        for category in Category::ALL {
            let trade = trade(category);
            let [traffic, pretraining] =
                [Side::Traffic, Side::Pretraining].map(|side| chains(trade, side).collect::<Vec<_>>());
            assert_eq!(traffic.len() + pretraining.len(), trade.chains.len());
            assert!(traffic.iter().all(|name| !pretraining.contains(name)));
        }
    }
}
