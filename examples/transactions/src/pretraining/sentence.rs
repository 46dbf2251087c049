//! Plain sentences about merchants and words.

use crate::{
    Category, Transaction,
    dice::Dice,
    lexicon::{Tongue, Trade, trade},
    place::Place,
    spelling::{ABBREVIATIONS, handle, title_case},
};

/// A sentence to which a line gives the occasion.
pub(super) fn write(line: &Transaction, dice: &mut Dice) -> String {
    let Trade { place, deed, .. } = trade(line.category);
    let topic = line.category.name();
    let name = match dice.below(4) {
        0 => line.text.clone(),
        1 => title_case(&line.merchant),
        2 => line.merchant.to_lowercase(),
        _ => line.merchant.clone(),
    };
    let Place { city, .. } = line.place;
    // Words are spoken of whether or not anybody has just been paid.
    let category = *dice.pick(&Category::ALL);
    match dice.below(16) {
        0 => format!("{name} is {place}."),
        1 => format!("{name} is a place where people {deed}."),
        2 => format!("People go to {name} to {deed}."),
        3 => format!("{name} has to do with {topic}."),
        4 => format!("If you see {name}, think of {topic}: {place}."),
        5 => about_word(category, dice),
        6 => about_foreign_word(category, dice),
        7 => {
            let (long, short) = dice.pick(ABBREVIATIONS);
            format!("{short} is short for {}.", long.to_lowercase())
        }
        8 => format!("{} is in {}.", title_case(city), line.place.country_name()),
        9 => format!("At {} people {}.", trade(category).place, trade(category).deed),
        10 => format!(
            "The topic {}: {}.",
            category.name(),
            lower_first(category.description())
        ),
        11 => format!("On the web {} is {place}.", handle(&line.merchant)),
        12 => format!(
            "Those who want to {deed} follow @{}, which is {}.",
            handle(&line.merchant),
            title_case(&line.merchant)
        ),
        13 => format!("www.{}.com has to do with {topic}.", handle(&line.merchant)),
        14 => format!("Yesterday we went to {place} in {} to {deed}.", title_case(city)),
        _ => format!(
            "We wanted to {deed}, so we looked for {place} and found {}.",
            title_case(&line.merchant)
        ),
    }
}

/// What an English word for the trade says.
fn about_word(category: Category, dice: &mut Dice) -> String {
    let trade = trade(category);
    if trade.words.is_empty() {
        return format!("At {} people {}.", trade.place, trade.deed);
    }
    let &word = dice.pick(trade.words);
    let word = bare(word);
    match dice.below(3) {
        0 => format!("The word {word} has to do with {}.", category.name()),
        1 => format!("{word} on a statement means {}.", trade.place),
        _ => format!("Where it says {} people {}.", word.to_lowercase(), trade.deed),
    }
}

/// What a foreign word for the trade says.
fn about_foreign_word(category: Category, dice: &mut Dice) -> String {
    let trade = trade(category);
    if trade.abroad.is_empty() {
        return about_word(category, dice);
    }
    let &(tongue, pattern) = dice.pick(trade.abroad);
    let (word, language) = (bare(pattern), Tongue::name(tongue));
    match dice.below(3) {
        0 => format!("{word} is {language} for {}.", trade.place),
        1 => format!("The {language} word {word} has to do with {}.", category.name()),
        _ => format!("{word}: {language}, {}.", category.name()),
    }
}

/// A pattern without the place of the name.
pub(super) fn bare(pattern: &str) -> String {
    pattern
        .split(['^', '!'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
