//! How terminals shorten words.

/// Words as registers of merchants abbreviate them.
pub(crate) const ABBREVIATIONS: &[(&str, &str)] = &[
    ("APARTMENTS", "APTS"),
    ("APPLIANCES", "APPL"),
    ("ATHLETIC", "ATHL"),
    ("ATTORNEYS", "ATTYS"),
    ("BOOKSTORE", "BKSTR"),
    ("CENTER", "CTR"),
    ("COFFEE", "COFF"),
    ("DENTISTRY", "DENT"),
    ("DEPARTMENT", "DEPT"),
    ("ELECTRIC", "ELEC"),
    ("ELECTRONICS", "ELECTR"),
    ("FITNESS", "FITN"),
    ("FOUNDATION", "FNDN"),
    ("FURNITURE", "FURN"),
    ("GROCERY", "GROC"),
    ("HARDWARE", "HDWE"),
    ("HOSPITAL", "HOSP"),
    ("INSURANCE", "INSUR"),
    ("JEWELERS", "JWLRS"),
    ("MARKET", "MKT"),
    ("MEDICAL", "MED"),
    ("MORTGAGE", "MTGE"),
    ("PARKING", "PRKG"),
    ("PEDIATRICS", "PEDS"),
    ("PETROLEUM", "PETRO"),
    ("PHARMACY", "PHARM"),
    ("PROPERTY", "PROP"),
    ("RESTAURANT", "REST"),
    ("SERVICE", "SVC"),
    ("STATION", "STN"),
    ("SUPERMARKET", "SUPERMKT"),
    ("SUPPLY", "SPLY"),
    ("THEATRE", "THTR"),
    ("UNIVERSITY", "UNIV"),
    ("VETERINARY", "VETNRY"),
    ("WIRELESS", "WRLS"),
];

/// Shortens each word that has a usual abbreviation.
pub(crate) fn abbreviate(text: &str) -> String {
    each_word(text, |word| {
        ABBREVIATIONS
            .iter()
            .find(|(long, _)| *long == word)
            .map_or_else(|| word.to_owned(), |(_, short)| (*short).to_owned())
    })
}

/// Drops the vowels behind the first letter of each word of six letters or more: PHARMACY becomes PHRMCY.
///
/// A word that would keep fewer than five letters stays as it is, for nobody could read it.
pub(crate) fn drop_vowels(text: &str) -> String {
    each_word(text, |word| {
        let short: String = word
            .char_indices()
            .filter(|&(at, c)| at == 0 || !"AEIOU".contains(c))
            .map(|(_, c)| c)
            .collect();
        if word.chars().count() >= 6 && short.chars().count() >= 5 {
            short
        } else {
            word.to_owned()
        }
    })
}

/// Capitals at the head of words only: BLUE HERON CAFE becomes Blue Heron Cafe.
pub(crate) fn title_case(text: &str) -> String {
    each_word(text, |word| {
        let mut inside = false;
        word.chars()
            .map(|c| {
                let written = if inside { c.to_ascii_lowercase() } else { c };
                // An apostrophe does not start a word: MARIA'S becomes Maria's.
                inside = c.is_alphanumeric() || c == '\'';
                written
            })
            .collect()
    })
}

/// One word in lower case, as in handles and domains: BLUE HERON CAFE becomes blueheroncafe.
pub(crate) fn handle(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The part of a cue that is left if only `kept` of its characters fit, or `None` if too little is left to read:
/// fewer than five characters, or less than six tenths.
pub(crate) fn legible_part(cue: &str, kept: usize) -> Option<&str> {
    let length = cue.len();
    if kept >= length {
        return Some(cue);
    }
    let part = cue.get(..kept)?.trim_end();
    (part.len() >= 5 && part.len() * 10 >= length * 6).then_some(part)
}

fn each_word(text: &str, write: impl FnMut(&str) -> String) -> String {
    text.split(' ').map(write).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shortened_as_registers_do() {
        assert_eq!(abbreviate("BLUE FOX PHARMACY"), "BLUE FOX PHARM");
        assert_eq!(drop_vowels("ADAMS PHARMACY"), "ADAMS PHRMCY");
        assert_eq!(drop_vowels("CREPES IN OAKLAND"), "CREPES IN OKLND");
        assert_eq!(title_case("MARIA'S BAR & GRILL"), "Maria's Bar & Grill");
        assert_eq!(handle("MARIA'S BAR & GRILL"), "mariasbargrill");
    }

    #[test]
    fn a_cue_is_cut_only_while_it_can_be_read() {
        assert_eq!(legible_part("PHARMACY", 8), Some("PHARMACY"));
        assert_eq!(legible_part("PHARMACY", 5), Some("PHARM"));
        assert_eq!(legible_part("PHARMACY", 4), None);
        assert_eq!(legible_part("BAR & GRILL", 6), None);
        assert_eq!(legible_part("CAFE", 3), None);
    }
}
