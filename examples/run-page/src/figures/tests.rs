use super::*;

#[test]
fn rounding_claims_neither_perfection_nor_nothing() {
    assert_eq!(
        (percent(0.99999).as_str(), percent(1.0).as_str()),
        ("> 99.9%", "100%")
    );
    assert_eq!(
        (percent(0.00001).as_str(), percent(0.0).as_str()),
        ("< 0.1%", "0%")
    );
    assert_eq!(percent(0.1234), "12.3%");
}

#[test]
fn amounts_have_commas_and_a_proper_minus() {
    assert_eq!(amount(1_234_567.4), "1,234,567");
    assert_eq!(amount(-1234.0), "\u{2212}1,234");
    assert_eq!((amount(3.5).as_str(), amount(0.0).as_str()), ("3.50", "0"));
    assert_eq!((amount(34.94).as_str(), amount(140.2).as_str()), ("34.9", "140"));
    assert_eq!(amount(f64::NAN), "?");
    assert_eq!(
        (volume(7_292_484.0).as_str(), volume(10_201.0).as_str()),
        ("7,300,000", "10,300")
    );
    assert_eq!(
        (volume(10_200.0).as_str(), volume(120.1).as_str()),
        ("10,200", "121")
    );
    assert_eq!((count(999).as_str(), count(1000).as_str()), ("999", "1,000"));
}

#[test]
fn times_change_unit_where_they_should() {
    assert_eq!(duration(0.25), "250 ms");
    assert_eq!(duration(0.9999), "1.0 s");
    assert_eq!(duration(59.94), "59.9 s");
    assert_eq!(duration(119.6), "2 min 00 s");
    assert_eq!(
        (milliseconds(0.25).as_str(), milliseconds(3.21).as_str()),
        ("0.25 ms", "3.2 ms")
    );
}

/// `date -u -d @N +%F` of GNU coreutils 9.1.
#[test]
fn dates_are_those_of_the_calendar() {
    for (at, expected) in [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (951_782_400, "2000-02-29"),
        (1_780_272_000, "2026-06-01"),
        (1_782_863_999, "2026-06-30"),
        (4_107_542_399, "2100-02-28"),
        (4_107_542_400, "2100-03-01"),
        (i64::MIN, "?"),
        (i64::MAX, "?"),
    ] {
        assert_eq!(date(at), expected);
    }
}

#[test]
fn text_from_outside_becomes_one_short_line() {
    assert_eq!(one_line("a\nb\u{202e}c", 10), "a bc");
    assert_eq!(one_line("abcdef", 4), "abc…");
}
