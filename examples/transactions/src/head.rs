//! What merchants are called before the word for their trade: people, places, animals.

mod names;

use names::{
    FRENCH, FRENCH_SPOTS, GERMAN, GERMAN_SPOTS, GIVEN, ITALIAN, ITALIAN_SPOTS, JAPANESE, JAPANESE_SPOTS,
    LANDS, POLISH, POLISH_SPOTS, QUALITIES, SPANISH, SPANISH_SPOTS, SPOTS, SURNAMES, THINGS, TURKISH,
    TURKISH_SPOTS,
};

use crate::{dice::Dice, lexicon::Tongue, place::Place};

/// Which of two worlds that share no merchant a name belongs to.
///
/// Text for pretraining comes from one, everything that is logged, judged or served from the other. The side
/// follows from the name itself, so it holds for every seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The log, the gold set and the month.
    Traffic,
    /// The text for pretraining.
    Pretraining,
}

impl Side {
    /// The side of a name: a quarter of all names are for pretraining.
    pub(crate) fn of(name: &str) -> Self {
        if blake3::hash(name.as_bytes()).as_bytes()[0].is_multiple_of(4) {
            Self::Pretraining
        } else {
            Self::Traffic
        }
    }
}

/// After whom or what the merchants of a trade are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Shops: owners, animals, streets.
    Fancy,
    /// Practices and firms: the people in them.
    People,
    /// Utilities and authorities: the land they serve.
    Land,
}

/// Draws a name of the given side for a merchant at `place`.
pub(crate) fn draw(
    side: Side,
    naming: Naming,
    tongue: Option<Tongue>,
    place: Place,
    dice: &mut Dice,
) -> String {
    if naming == Naming::Land && Side::of(place.city) == side && dice.chance(0.5) {
        return place.city.to_owned();
    }
    loop {
        let name = match tongue {
            Some(tongue) => abroad(tongue, naming, dice),
            None => home(naming, dice),
        };
        if Side::of(&name) == side {
            return name;
        }
    }
}

fn home(naming: Naming, dice: &mut Dice) -> String {
    match naming {
        Naming::Fancy => match dice.below(20) {
            0..=5 => format!("{} {}", dice.pick(QUALITIES), dice.pick(THINGS)),
            6..=8 => format!("{}'S", dice.pick(GIVEN)),
            9..=10 => (*dice.pick(SURNAMES)).to_owned(),
            11 => format!("{} & SONS", dice.pick(SURNAMES)),
            12..=13 => format!("{} {}", dice.pick(GIVEN), dice.pick(SURNAMES)),
            14..=15 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            16..=17 => format!("{} {}", dice.pick(THINGS), dice.pick(LANDS)),
            18 => format!("{} ST", dice.pick(THINGS)),
            _ => (*dice.pick(SPOTS)).to_owned(),
        },
        Naming::People => match dice.below(10) {
            0..=3 => (*dice.pick(SURNAMES)).to_owned(),
            4..=5 => format!("{} & {}", dice.pick(SURNAMES), dice.pick(SURNAMES)),
            6..=7 => format!("{} {}", dice.pick(GIVEN), dice.pick(SURNAMES)),
            8 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            _ => format!("{} {}", dice.pick(QUALITIES), dice.pick(LANDS)),
        },
        Naming::Land => match dice.below(10) {
            0..=2 => format!("{} {}", dice.pick(QUALITIES), dice.pick(LANDS)),
            3..=5 => format!("{} {}", dice.pick(THINGS), dice.pick(LANDS)),
            6..=7 => format!("{} COUNTY", dice.pick(SURNAMES)),
            8 => format!("{} {}", dice.pick(SURNAMES), dice.pick(LANDS)),
            _ => (*dice.pick(SPOTS)).to_owned(),
        },
    }
}

fn abroad(tongue: Tongue, naming: Naming, dice: &mut Dice) -> String {
    let (people, spots) = match tongue {
        Tongue::French => (FRENCH, FRENCH_SPOTS),
        Tongue::German => (GERMAN, GERMAN_SPOTS),
        Tongue::Spanish => (SPANISH, SPANISH_SPOTS),
        Tongue::Italian => (ITALIAN, ITALIAN_SPOTS),
        Tongue::Polish => (POLISH, POLISH_SPOTS),
        Tongue::Turkish => (TURKISH, TURKISH_SPOTS),
        Tongue::Japanese => (JAPANESE, JAPANESE_SPOTS),
    };
    match (naming, dice.below(5)) {
        (Naming::Land, 0..=2) => (*dice.pick(spots)).to_owned(),
        (Naming::Land, _) => format!("{} {}", dice.pick(spots), dice.between(2, 98)),
        (_, 0 | 1) => (*dice.pick(people)).to_owned(),
        (Naming::Fancy, 2) => (*dice.pick(spots)).to_owned(),
        (_, 2 | 3) => format!("{} {}", dice.pick(people), dice.pick(people)),
        _ => format!("{} {}", dice.pick(people), dice.between(2, 98)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_drawn_for_one_side_only() {
        let mut dice = Dice::new(1, "head", 0);
        for tongue in Tongue::ALL.map(Some).into_iter().chain([None]) {
            for naming in [Naming::Fancy, Naming::People, Naming::Land] {
                for side in [Side::Traffic, Side::Pretraining] {
                    for _ in 0..50 {
                        let place = Place::home(&mut dice);
                        let name = draw(side, naming, tongue, place, &mut dice);
                        assert_eq!(Side::of(&name), side, "{name}");
                    }
                }
            }
        }
    }
}
