//! How a payment is printed on a statement: terminal, bank and column width each leave their marks.

mod layout;

use crate::{
    calendar::Date,
    dice::Dice,
    head::Naming,
    lexicon::{Setting, trade},
    merchant::{Merchant, Origin},
    place::Place,
    spelling::{abbreviate, drop_vowels, legible_part, title_case},
};

/// A line as it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) text: String,
    /// The cue as it stands in the text.
    pub(crate) cue: String,
    /// Whether the name was shortened or cut.
    pub(crate) clipped: bool,
    /// Where the terminal stands.
    pub(crate) place: Place,
}

/// Prints one payment.
///
/// What belongs to the merchant's terminal (spelling, processor, width) depends on `seed`, merchant and store alone,
/// so that a merchant looks the same each time, as in real logs; what belongs to the payment comes from `dice`.
pub(crate) fn print(merchant: &Merchant, seed: u64, date: Date, dice: &mut Dice) -> Printed {
    // Of two draws the lesser: some stores are visited more than others.
    let store = dice.below(merchant.stores).min(dice.below(merchant.stores));
    let terminal = Terminal::of(merchant, store, seed);
    let text = match merchant.setting {
        Setting::Till => layout::till(&terminal, merchant, date, dice),
        Setting::Web => layout::web(&terminal, merchant, date, dice),
        Setting::Bill => layout::bill(&terminal, merchant, date, dice),
        Setting::Bank => layout::bank(&terminal, merchant, date, dice),
    };
    let Terminal {
        cue, clipped, place, ..
    } = terminal;
    if dice.chance(0.08)
        && let Some((text, cue)) = cut_at(&text, &cue, 40)
    {
        return Printed {
            text,
            cue,
            clipped: true,
            place,
        };
    }
    Printed {
        text,
        cue,
        clipped,
        place,
    }
}

/// What a merchant's till is set up to send.
struct Terminal {
    /// The name in upper case, with the processor's mark, cut to the terminal's column.
    name: String,
    cue: String,
    clipped: bool,
    number: String,
    /// The city as the terminal writes it.
    city: String,
    place: Place,
    phone: String,
    /// Chooses among layouts, the same for every store of a merchant.
    house: Dice,
}

impl Terminal {
    fn of(merchant: &Merchant, store: usize, seed: u64) -> Self {
        let mut house = Dice::new(seed, &merchant.name, 0);
        let mut dice = Dice::new(seed, &merchant.name, 1 + store as u64);
        let local = matches!(merchant.origin, Origin::Local | Origin::Abroad(_));
        let shop = merchant.origin == Origin::Local && trade(merchant.category).naming() == Naming::Fancy;
        let (mut name, mut cue) = (merchant.name.clone(), merchant.cue.clone());
        let mut clipped = false;
        let shorten: Option<fn(&str) -> String> = match house.below(100) {
            0..=8 if local => Some(abbreviate),
            9..=15 if merchant.origin == Origin::Local => Some(drop_vowels),
            _ => None,
        };
        if let Some(shorten) = shorten {
            let short = shorten(&name);
            clipped = short != name;
            (name, cue) = (short, shorten(&cue));
        }
        if shop && house.chance(0.08) {
            let form = house.pick(&[" LLC", " INC", " LTD", " CO"]);
            name.push_str(form);
        }
        if house.chance(0.3) {
            name = name.replace('\'', "");
            cue = cue.replace('\'', "");
        }
        let place = match merchant.origin {
            Origin::Chain | Origin::Department => Place::home(&mut dice),
            Origin::Brand | Origin::Local | Origin::Abroad(_) => merchant.place,
        };
        let mut city = place.city.to_owned();
        if shop && merchant.setting == Setting::Till && house.chance(0.38) {
            let mark = *house.pick(&["SQ *", "SQ *", "TST* ", "SP ", "CKE*", "PY *", "PAYPAL *", "IN *"]);
            // Small shops type their own name, often in mixed case.
            if mark != "PAYPAL *" && house.chance(0.3) {
                (name, cue, city) = (title_case(&name), title_case(&cue), title_case(&city));
            }
            name.insert_str(0, mark);
        }
        let width = *house.pick(&[22, 25, 25, usize::MAX]);
        if let Some((cut, left)) = cut_at(&name, &cue, width) {
            (name, cue, clipped) = (cut, left, true);
        }
        Self {
            name,
            cue,
            clipped,
            city,
            number: dice.digits(*house.pick(&[3, 4, 4, 5])),
            place,
            phone: phone(&mut house),
            house,
        }
    }
}

/// Cuts a text at a column, and its cue with it; `None` if nothing is to be cut or the cue would be lost.
fn cut_at(text: &str, cue: &str, width: usize) -> Option<(String, String)> {
    let cut = text.get(..width)?.trim_end();
    if cut.len() == text.len() {
        return None;
    }
    let start = text.rfind(cue)?;
    let left = legible_part(cue, cut.len().checked_sub(start)?)?;
    Some((cut.to_owned(), left.to_owned()))
}

/// A telephone number from the block that is kept for fiction.
fn phone(dice: &mut Dice) -> String {
    let area = dice.pick(&["800", "866", "888", "877", "415", "212", "312", "503"]);
    format!("{area}-555-01{}", dice.digits(2))
}
