//! Days of the calendar in the many forms in which documents write them.

use task_spec::DateOrder;

/// A day of the Gregorian calendar.
///
/// Read from three numbers in any order that the digits or [`task_spec::Field::dates`] settle, with any separators; from two
/// numbers and the English name of a month, in full or cut to three letters or more; from eight digits on end. A time of the
/// day, a weekday, ordinal endings and parentheses are dropped. Numbers before 1 and after 9999, a month 13, a
/// 30 February are no dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    pub(super) year: u32,
    pub(super) month: u32,
    pub(super) day: u32,
}

/// Years of two digits from this one on are 19xx, those before it 20xx, as in POSIX `strptime`.
pub const TWO_DIGIT_PIVOT: u32 = 69;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Words that may stand in a date and say nothing of the day.
const FILLERS: [&str; 16] = [
    "st", "nd", "rd", "th", "of", "the", "t", "z", "utc", "gmt", "am", "pm", "hrs", "年", "月", "日",
];

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number(&'a str),
    Word(&'a str),
    Other(char),
}

/// The day, and whether day and month could be exchanged.
pub(super) fn read_date(text: &str, order: DateOrder) -> Option<(Day, bool)> {
    let text = text.to_lowercase();
    let tokens = without_time(&tokens(&text));
    let mut numbers: Vec<&str> = Vec::new();
    let mut month = None;
    for token in &tokens {
        match token {
            Token::Number(digits) => numbers.push(digits),
            Token::Word(word) => match month_of(word) {
                Some(found) if month.is_none() => month = Some(found),
                Some(_) => return None,
                None if is_filler(word) => {}
                None => return None,
            },
            Token::Other(_) => {}
        }
    }
    match (month, numbers.as_slice()) {
        (Some(month), [a, b]) => with_month(month, a, b, order).map(|day| (day, false)),
        (None, [a, b, c]) => of_three(a, b, c, order),
        (None, [digits]) if digits.len() == 8 => of_eight(digits, order),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let class = |c: char| (c.is_ascii_digit(), c.is_alphabetic());
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match class(first) {
            (false, false) => first.len_utf8(),
            // The signs for year, month and day stand without spaces, so that each is a word of its own.
            (_, true) if !first.is_ascii() => first.len_utf8(),
            kind => rest.find(|c| class(c) != kind).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(end);
        tokens.push(match class(first) {
            (true, _) => Token::Number(token),
            (_, true) => Token::Word(token),
            _ => Token::Other(first),
        });
        rest = after;
    }
    tokens
}

/// Takes away `8:13`, `08:13:39.123` and the like, wherever they stand.
fn without_time<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let is_number = |at: usize| matches!(tokens.get(at), Some(Token::Number(_)));
    let is_mark =
        |at: usize, marks: &[char]| matches!(tokens.get(at), Some(Token::Other(c)) if marks.contains(c));
    let (mut kept, mut at) = (Vec::with_capacity(tokens.len()), 0);
    while let Some(token) = tokens.get(at) {
        if is_number(at) && is_mark(at + 1, &[':']) && is_number(at + 2) {
            at += 3;
            while is_mark(at, &[':', '.']) && is_number(at + 1) {
                at += 2;
            }
        } else {
            kept.push(*token);
            at += 1;
        }
    }
    kept
}

/// The number of the month that a word of three letters or more begins.
fn month_of(word: &str) -> Option<u32> {
    let is_cut = |name: &&str| word.len() >= 3 && name.starts_with(word);
    let found = MONTHS
        .iter()
        .position(|name| is_cut(name) || (word == "sept" && *name == "september"))?;
    Some(found as u32 + 1)
}

fn is_filler(word: &str) -> bool {
    FILLERS.contains(&word) || (word.len() >= 3 && WEEKDAYS.iter().any(|name| name.starts_with(word)))
}

/// A year of two or four digits.
fn year_of(digits: &str) -> Option<u32> {
    let number: u32 = digits.parse().ok()?;
    match digits.len() {
        2 if number >= TWO_DIGIT_PIVOT => Some(1900 + number),
        2 => Some(2000 + number),
        4 => Some(number),
        _ => None,
    }
}

/// A day or a month of one or two digits.
fn small(digits: &str) -> Option<u32> {
    digits.parse().ok().filter(|_| digits.len() <= 2)
}

fn with_month(month: u32, a: &str, b: &str, order: DateOrder) -> Option<Day> {
    let (day, year) = match (a.len(), b.len()) {
        (4, _) => (b, a),
        (_, 4) => (a, b),
        _ if order == DateOrder::YearFirst => (b, a),
        _ => (a, b),
    };
    valid(year_of(year)?, month, small(day)?)
}

fn of_three(a: &str, b: &str, c: &str, order: DateOrder) -> Option<(Day, bool)> {
    if a.len() == 4 || (order == DateOrder::YearFirst && c.len() <= 2) {
        return Some((valid(year_of(a)?, small(b)?, small(c)?)?, false));
    }
    let (year, first, second) = (year_of(c)?, small(a)?, small(b)?);
    by_order(year, first, second, order)
}

/// Day and month in the order asked for, or in the other one where only that is a date.
fn by_order(year: u32, first: u32, second: u32, order: DateOrder) -> Option<(Day, bool)> {
    let (day_first, month_first) = (valid(year, second, first), valid(year, first, second));
    let (asked, other) = match order {
        DateOrder::MonthFirst => (month_first, day_first),
        DateOrder::DayFirst | DateOrder::YearFirst => (day_first, month_first),
    };
    let is_ambiguous = asked.is_some() && other.is_some() && asked != other;
    Some((asked.or(other)?, is_ambiguous))
}

/// `20181225`, `25122018` or `12252018`.
fn of_eight(digits: &str, order: DateOrder) -> Option<(Day, bool)> {
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
    let is_near = |year: &u32| (1900..2100).contains(year);
    let year_first = part(0, 4).filter(is_near);
    if let Some(day) = year_first.and_then(|year| valid(year, part(4, 6)?, part(6, 8)?)) {
        return Some((day, false));
    }
    by_order(part(4, 8).filter(is_near)?, part(0, 2)?, part(2, 4)?, order)
}

fn valid(year: u32, month: u32, day: u32) -> Option<Day> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Day { year, month, day })
}
