use super::*;

fn date(text: &str) -> ChatDate {
    text.parse().unwrap()
}

#[test]
fn a_date_is_read_and_written() {
    assert_eq!(ChatDate::default(), date("2024-07-26"));
    assert_eq!(date("2024-02-29T23:05:09").to_string(), "2024-02-29T23:05:09");
    for wrong in [
        "",
        "2024",
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "0999-01-01",
        "2024-1-1",
        "2024-01-01T24:00:00",
        "2024-01-01T00:00",
        "+024-01-01",
        "2024-01-01-01",
    ] {
        let error = wrong.parse::<ChatDate>().unwrap_err();
        assert!(error.to_string().contains("write 2024-07-26"), "{error}");
    }
}

#[test]
fn a_format_that_is_not_known_is_none() {
    for format in ["%", "%-", "%Q", "%Ey"] {
        assert_eq!(date("2024-07-26").format(format), None, "{format}");
    }
}
