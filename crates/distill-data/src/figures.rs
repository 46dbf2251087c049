//! Numbers and texts as people read them.

/// A share as a percentage; 100 and 0 only where they are exact.
pub(crate) fn percent(share: f64) -> String {
    let shown = format!("{:.1}%", 100.0 * share);
    match shown.as_str() {
        "100.0%" if share < 1.0 => "> 99.9%".to_owned(),
        "100.0%" => "100%".to_owned(),
        "0.0%" if share > 0.0 => "< 0.1%".to_owned(),
        "0.0%" => "0%".to_owned(),
        _ => shown,
    }
}

/// A number of things with commas; below 10 with a decimal, unless it is whole.
pub(crate) fn count(number: f64) -> String {
    match number.abs() < 10.0 && number.fract() != 0.0 {
        true => format!("{number:.1}"),
        false => with_commas(&format!("{number:.0}")),
    }
}

/// "1 row", "2,000 rows".
pub(crate) fn counted(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", count(number as f64)),
    }
}

/// The first few of some names, and how many there are besides.
pub(crate) fn listed(names: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let rest = names.len().saturating_sub(most);
    let mut shown: Vec<String> = names.take(most).collect();
    if rest > 0 {
        shown.push(format!("{} more", count(rest as f64)));
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// An amount of money: whole from 100 on, else with two decimals.
pub(crate) fn amount(money: f64) -> String {
    let digits = if money.abs() >= 100.0 { 0 } else { 2 };
    with_commas(&format!("{money:.digits$}"))
}

/// Digits with a comma before every third of the whole part, and a proper minus sign.
fn with_commas(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) if digits.chars().any(|c| c.is_ascii_digit() && c != '0') => ("\u{2212}", digits),
        Some(digits) => ("", digits),
        None => ("", digits),
    };
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut shown = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place < whole && (whole - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// Text from outside as one line of at most `most` characters, without characters that steer the display.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let steers = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let mut characters = text
        .chars()
        .filter(|&c| !steers(c))
        .map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = characters.by_ref().take(most).collect();
    if characters.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            (count(1_234_567.0), count(2.5), count(3.0)),
            ("1,234,567".into(), "2.5".into(), "3".into())
        );
        assert_eq!(
            (amount(-1234.5), amount(0.5), amount(-0.001)),
            ("\u{2212}1,234".into(), "0.50".into(), "0.00".into())
        );
        assert_eq!(
            (percent(0.99999), percent(0.25)),
            ("> 99.9%".into(), "25.0%".into())
        );
    }

    #[test]
    fn lists_say_how_many_they_leave_out() {
        let names = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>().into_iter();
        assert_eq!(
            (listed(names(0), 2), listed(names(1), 2)),
            (String::new(), "0".into())
        );
        assert_eq!(
            (listed(names(2), 2), listed(names(5), 2)),
            ("0 and 1".into(), "0, 1 and 3 more".into())
        );
        assert_eq!(
            (counted(1, "row"), counted(2000, "row")),
            ("1 row".into(), "2,000 rows".into())
        );
    }

    #[test]
    fn text_from_outside_becomes_one_short_line() {
        assert_eq!(one_line("a\nb\u{202e}\x1b[2Jc", 10), "a b [2Jc");
        assert_eq!(one_line("abcdef", 4), "abc…");
    }
}
