use std::collections::BTreeMap;

use super::*;

#[test]
fn every_category_has_words_for_each_part_of_its_mix() {
    for category in Category::ALL {
        let trade = trade(category);
        let Mix {
            chains,
            locals,
            abroad,
            web,
        } = trade.mix;
        assert_eq!(chains > 0.0, !trade.chains.is_empty(), "{category:?}, chains");
        assert_eq!(abroad > 0.0, !trade.abroad.is_empty(), "{category:?}, abroad");
        assert_eq!(web > 0.0, !trade.web.is_empty(), "{category:?}, web");
        // Words are there for every trade: departments and sentences use them too.
        assert!(!trade.words.is_empty() && locals >= 0.0, "{category:?}, locals");
    }
}

#[test]
fn a_pattern_has_at_most_one_place_for_the_name() {
    let patterns = TABLES.iter().flat_map(|table| table.iter()).flat_map(|trade| {
        let abroad = trade.abroad.iter().map(|(_, pattern)| pattern);
        trade.words.iter().chain(abroad)
    });
    for pattern in patterns {
        assert!(
            pattern.matches('^').count() + pattern.matches('!').count() <= 1,
            "{pattern}"
        );
        assert!(pattern.is_ascii(), "{pattern}");
    }
}

#[test]
fn no_word_means_two_categories() {
    let mut owners: BTreeMap<&str, Category> = BTreeMap::new();
    for trade in TABLES.iter().flat_map(|table| table.iter()) {
        let abroad = trade.abroad.iter().map(|(_, pattern)| pattern);
        for word in trade
            .chains
            .iter()
            .chain(trade.web)
            .chain(trade.words)
            .chain(abroad)
        {
            let owner = *owners.entry(word).or_insert(trade.category);
            assert_eq!(owner, trade.category, "{word}");
        }
    }
}
