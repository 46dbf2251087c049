use proptest::prelude::*;

use super::*;

fn masked(text: &str, parts: &[VariablePart]) -> String {
    without_parts(text, &parts.iter().copied().collect())
}

fn are_equal(parts: &[VariablePart], texts: &[&str]) -> bool {
    let mut all = texts.iter().map(|text| masked(text, parts));
    let first = all.next();
    all.all(|other| Some(other) == first)
}

#[test]
fn each_part_is_found_in_its_spellings() {
    use VariablePart::*;
    let groups: [(VariablePart, &[&str]); 6] = [
        (
            Dates,
            &[
                "due 2026-11-26 please",
                "due 26.11.2026 please",
                "due 11/26/26 please",
                "due 11/26 please",
                "due 26 Nov 2026 please",
                "due 26th November please",
                "due Nov. 26 please",
                "due november 26th, 2026 please",
            ],
        ),
        (Dates, &["at 14:05", "at 2:05 pm", "at 02:05:59"]),
        (
            CardNumbers,
            &[
                "paid by XXXX-1234",
                "paid by ****1234",
                "paid by xxxx xxxx xxxx 99",
                "paid by 4111 1111 1111 1111",
                "paid by 4111111111111111",
                "paid by card 1234",
                "paid by card: 9876",
            ],
        ),
        (
            StoreNumbers,
            &[
                "SHELL OIL 5744",
                "SHELL OIL #12",
                "SHELL OIL store 9",
                "shell oil no. 7",
                "SHELL OIL T-1123",
            ],
        ),
        (StoreNumbers, &["7 ELEVEN 30012 DALLAS", "7 ELEVEN 411 DALLAS"]),
        (
            Numbers,
            &[
                "order 12",
                "order 1,250.00",
                "order -3",
                "order 2026-11-26",
                "order 10:30",
            ],
        ),
    ];
    for (part, texts) in groups {
        let forms: Vec<String> = texts.iter().map(|text| masked(text, &[part])).collect();
        assert!(are_equal(&[part], texts), "{part:?}: {forms:?}");
    }
}

#[test]
fn what_is_not_listed_stays() {
    use VariablePart::*;
    assert_eq!(masked("raise my limit to 500", &[]), "raise my limit to 500");
    assert_eq!(
        masked("raise my limit to 50", &[Dates, CardNumbers, StoreNumbers]),
        "raise my limit to 50"
    );
    assert!(!are_equal(&[StoreNumbers], &["7 eleven", "11 eleven"]));
    assert!(!are_equal(&[Dates], &["order 12", "order 13"]));
    assert!(!are_equal(&[CardNumbers], &["card 12", "card 13"]));
    // A date is no number, and neither is the word for it.
    assert!(!are_equal(&[Dates, Numbers], &["due 2026-11-26", "due 26"]));
    assert!(!are_equal(&[Dates], &["due 2026-11-26", "due date"]));
}

proptest! {
    #[test]
    fn masking_numbers_leaves_no_digit_and_the_words_as_they_are(text in "([a-z]{1,6} ?|[0-9]{1,5}[.,]?| ){0,12}") {
        let form = masked(&text, &[VariablePart::Numbers]);
        prop_assert!(!form.contains(|c: char| c.is_ascii_digit()));
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        prop_assert_eq!(letters(&form), letters(&text));
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>()) {
        use VariablePart::*;
        let form = masked(&text, &[Dates, CardNumbers, StoreNumbers, Numbers]);
        prop_assert_eq!(normalise(&form), form.clone());
    }
}
