//! The order in which terminal and bank put a line together, by kind of payment.

use super::Terminal;
use crate::{
    calendar::Date,
    dice::Dice,
    lexicon::Tongue,
    merchant::{Merchant, Origin},
    place::Place,
};

/// A line from a till.
pub(super) fn till(terminal: &Terminal, merchant: &Merchant, date: Date, dice: &mut Dice) -> String {
    let mut house = terminal.house.clone();
    let Terminal {
        name,
        place,
        city,
        number,
        ..
    } = terminal;
    let numbered = matches!(merchant.origin, Origin::Chain | Origin::Department) || house.chance(0.12);
    let number = match house.below(9) {
        _ if !numbered => String::new(),
        0..=2 => format!(" #{number}"),
        3..=4 => format!(" {number}"),
        5 => format!(" STORE {number}"),
        6 => format!(" T-{number}"),
        7 => format!(" 0{number}"),
        _ => format!(" NO. {number}"),
    };
    let Place { region, country, .. } = place;
    let location = match house.below(20) {
        0..=10 if region == country => format!(" {city} {country}"),
        0..=10 => format!(" {city} {region}"),
        11 if region != country => format!(" {city}{region}"),
        12..=13 if region != country => format!(" {city} {region} {}", place.country3()),
        11..=13 => format!(" {city} {}", place.country3()),
        14..=15 => {
            // Fixed columns, as in the layout of card networks: name in 22, city in 13.
            return with_marks(
                merchant,
                place,
                &format!("{:<22} {city:<13} {region}", format!("{name}{number}")),
                date,
                dice,
            );
        }
        16 => format!(" {region}"),
        17 if region != country => format!(" {} {region}", terminal.phone),
        _ => String::new(),
    };
    with_marks(merchant, place, &format!("{name}{number}{location}"), date, dice)
}

/// Puts before and after a till's line what the bank adds.
fn with_marks(merchant: &Merchant, place: &Place, line: &str, date: Date, dice: &mut Dice) -> String {
    let Date { month, day, .. } = date;
    let card = || format!("{:04}", (month * 977 + 4401) % 10_000);
    let before = match (merchant.origin, dice.below(100)) {
        (_, 0..=61) => String::new(),
        (Origin::Abroad(tongue), 62..=85) => match tongue {
            Tongue::French => format!("PAIEMENT CB {day:02}/{month:02} "),
            Tongue::German => "KARTENZAHLUNG ".to_owned(),
            Tongue::Spanish => format!("COMPRA TARJ {} ", card()),
            Tongue::Italian => "PAGAMENTO POS ".to_owned(),
            Tongue::Polish => "PLATNOSC KARTA ".to_owned(),
            Tongue::Turkish => "POS HARCAMA ".to_owned(),
            Tongue::Japanese => "INTL PURCHASE ".to_owned(),
        },
        (Origin::Abroad(_), _) => "POS INTL ".to_owned(),
        (_, 62..=68) => "POS DEBIT ".to_owned(),
        (_, 69..=73) => "POS PURCHASE ".to_owned(),
        (_, 74..=80) => format!("CHECKCARD {month:02}{day:02} "),
        (_, 81..=85) => format!("PURCHASE AUTHORIZED ON {month:02}/{day:02} "),
        (_, 86..=89) => "DEBIT CARD PURCHASE ".to_owned(),
        (_, 90..=92) => format!("CARD {} ", card()),
        (_, 93..=96) => format!(
            "DBT CRD {:02}{:02} {month:02}/{day:02} ",
            dice.between(6, 23),
            dice.below(60)
        ),
        _ => "CONTACTLESS ".to_owned(),
    };
    let foreign = matches!(merchant.origin, Origin::Abroad(_));
    let after = match dice.below(100) {
        0..=21 if foreign => format!(" {}", amount(place, dice)),
        0..=3 => format!(
            " {}.{:02}",
            dice.between(2, 90).min(dice.between(2, 90)),
            dice.below(100)
        ),
        4..=6 => format!(" {month:02}/{day:02}"),
        7..=9 if before.is_empty() => format!(" CARD {}", card()),
        10..=12 => format!(" REF# {}", dice.digits(6)),
        13..=14 => format!(" S{}", dice.digits(12)),
        _ => String::new(),
    };
    format!("{before}{line}{after}")
}

/// An amount in the currency of the place.
fn amount(place: &Place, dice: &mut Dice) -> String {
    let (currency, decimals) = place.currency();
    // Small sums are the commoner. Sums do not depend on the category, so that no model can sort by them.
    let whole = dice.between(3, 120).min(dice.between(3, 120));
    match decimals {
        0 => format!("{currency} {}", whole * 100),
        _ if dice.chance(0.7) => format!("{currency} {whole},{:02}", dice.below(100)),
        _ => format!("{whole}.{:02} {currency}", dice.below(100)),
    }
}

/// A line from the web.
pub(super) fn web(terminal: &Terminal, merchant: &Merchant, date: Date, dice: &mut Dice) -> String {
    let line = web_name(terminal, merchant, dice);
    let Date { month, day, .. } = date;
    match dice.below(20) {
        0..=5 => line,
        6..=9 => format!("{line} {}", dice.code(8)),
        _ if line.starts_with("RECURRING") => format!("{line} {month:02}/{day:02}"),
        10..=11 => format!("{line} {month:02}/{day:02}"),
        12..=13 => format!("CHECKCARD {month:02}{day:02} {line}"),
        14 => format!("{line} {}", dice.digits(9)),
        15 => format!(
            "{line} {}.{:02}",
            dice.between(3, 49),
            dice.pick(&[0, 49, 95, 99])
        ),
        16 => format!("DEBIT CARD PURCHASE {line}"),
        17 => format!("{line} CARD {:04}", (month * 977 + 4401) % 10_000),
        18 => format!("PURCHASE AUTHORIZED ON {month:02}/{day:02} {line}"),
        _ => format!("{line} REF# {}", dice.digits(6)),
    }
}

/// The merchant's own part of a line from the web.
fn web_name(terminal: &Terminal, merchant: &Merchant, dice: &mut Dice) -> String {
    let mut house = terminal.house.clone();
    let Terminal {
        name, phone, place, ..
    } = terminal;
    let Place { city, region, .. } = place;
    let local = matches!(merchant.origin, Origin::Local | Origin::Abroad(_));
    if local || merchant.origin == Origin::Department {
        return match house.below(6) {
            0 => format!("{name} {phone} {region}"),
            1 => format!("{name} {}", dice.code(6)),
            2 => format!("{name} {region}"),
            3 => format!("PAYPAL *{name}"),
            _ => format!("{name} {city} {region}"),
        };
    }
    let domain: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    // A brand charges in several ways (app, web, subscription) and has a favourite among them.
    let usual = house.below(16);
    let layout = if dice.chance(0.4) { usual } else { dice.below(16) };
    // The cue of a brand is its name, which a domain writes without its spaces: keep the name itself readable.
    match layout % 8 {
        _ if name.contains([' ', '\'', '&']) => match layout % 4 {
            0 => format!("{name} {phone} {region}"),
            1 => format!("{name}* {}", dice.code(7)),
            2 => format!("{name} HELP.{domain}.COM"),
            _ => format!("RECURRING {name} {phone}"),
        },
        0 => format!("{name}.COM {phone} {region}"),
        1 => format!("{name}.COM/BILL"),
        2 => format!("{name}* {}", dice.code(7)),
        3 => format!("{name}*{} {name}.COM {region}", dice.code(5)),
        4 => format!("PAYPAL *{name} {phone}"),
        5 => format!("WWW.{name}.COM"),
        6 => format!("RECURRING PMT {name} {phone}"),
        _ => format!("{name} {city} {region}"),
    }
}

/// A line of a bill that is paid from the account.
pub(super) fn bill(terminal: &Terminal, merchant: &Merchant, date: Date, dice: &mut Dice) -> String {
    let mut house = terminal.house.clone();
    let Terminal {
        name,
        number,
        phone,
        place,
        ..
    } = terminal;
    let Date { month, day, .. } = date;
    if let Origin::Abroad(tongue) = merchant.origin {
        let before = match tongue {
            Tongue::French => "PRLV SEPA ",
            Tongue::German => "SEPA LASTSCHRIFT ",
            Tongue::Spanish => "ADEUDO RECIBO ",
            Tongue::Italian => "ADDEBITO SDD ",
            Tongue::Polish => "POLECENIE ZAPLATY ",
            Tongue::Turkish => "OTOMATIK ODEME ",
            Tongue::Japanese => "KOZA FURIKAE ",
        };
        return match house.below(4) {
            0 => format!("{before}{name} {}", dice.digits(8)),
            1 => format!("{before}{name} {number}"),
            2 => format!("{name} {} {}", place.city, place.country),
            _ => format!("{name} {} {}", place.city, amount(place, dice)),
        };
    }
    let account = Dice::new(0, name, dice.below(2_000) as u64).digits(8);
    let usual = house.below(12);
    let layout = if dice.chance(0.5) { usual } else { dice.below(12) };
    match layout {
        0 => format!("{name} AUTOPAY {account}"),
        1 => format!("{name} BILL PAY {account}"),
        2 => format!("{name} ONLINE PMT {}", dice.digits(7)),
        3 => format!("ACH WITHDRAWAL {name} {account}"),
        4 => format!("ACH DEBIT {name} PPD ID {}", house.digits(10)),
        5 => format!("RECURRING PMT {name} {}", dice.code(6)),
        6 => format!("{name} {phone} {}", place.region),
        7 => format!("{name} DES:PAYMENT ID:XXXXX{account}"),
        8 => format!("DIRECT DEBIT {name} {month:02}/{day:02}"),
        9 => format!("{name} EFT {month:02}{day:02}"),
        10 => format!("{name} WEB PMT {account}"),
        _ => format!("{name} {} {}", place.city, place.region),
    }
}

/// A line of the bank itself.
pub(super) fn bank(terminal: &Terminal, merchant: &Merchant, date: Date, dice: &mut Dice) -> String {
    let mut house = terminal.house.clone();
    let Terminal {
        name, number, place, ..
    } = terminal;
    let Date { month, day, .. } = date;
    if merchant.is_nameless() {
        return match dice.below(6) {
            0 => format!("{name} {month:02}/{day:02}"),
            1 => format!("{name} REF {}", dice.digits(6)),
            2 => format!("{name} ACCT XX{}", dice.digits(4)),
            3 => format!("SERVICE CHARGE {name} {month:02}{day:02}"),
            4 => format!(
                "{name} {}.{:02}",
                dice.between(2, 39),
                dice.pick(&[0, 50, 95, 99])
            ),
            _ => format!("{name} {} {}", dice.digits(4), place.region),
        };
    }
    let street = house.pick(&[
        "MAIN ST",
        "5TH AVE",
        "ELM ST",
        "MARKET SQ",
        "BROADWAY",
        "1ST ST",
        "STATE ST",
    ]);
    match (merchant.origin, house.below(5)) {
        (Origin::Abroad(_), 0..=2) => format!("{name} {number} {} {}", place.city, amount(place, dice)),
        (Origin::Abroad(_), _) => format!("{name} {} {}", place.city, place.country3()),
        (_, 0..=1) if !name.starts_with("ATM") => {
            format!("ATM WITHDRAWAL {name} {number} {} {}", place.city, place.region)
        }
        (_, 2) => format!("{name} {number} {street} {} {}", place.city, place.region),
        (_, 3) => format!("NON-NETWORK {name} {month:02}/{day:02} {number} {street}"),
        _ => format!("{name} {number} {} {}", place.city, place.region),
    }
}
