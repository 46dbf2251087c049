//! Days and months in a sentence, in the forms in which English writes them.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{text::TextSpan, written};

/// A day of the calendar, or a month, as far as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpokenDate {
    /// Where it stands.
    pub span: TextSpan,
    /// The year, where it is written; two digits up to 69 are of this century, later ones of the last.
    pub year: Option<i32>,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day, 1 to 31, where it is written.
    pub day: Option<u32>,
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
/// Two digits of a year above this are of the last century.
const PIVOT: i32 = 69;

const MONTH: &str = "(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|\
                     sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
const DAY: &str = "(?:(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?|(?P<word>(?:twenty-|thirty-)?(?:first|second|third|fourth|fifth|\
                   sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|\
                   seventeenth|eighteenth|nineteenth|twentieth|thirtieth))";
const YEAR: &str = "(?P<year>[0-9]{4})";

/// In the order of preference where two begin at one place.
static FORMS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let forms = [
        format!(
            r"(?i)\b{YEAR}-(?P<number>[0-9]{{1,2}})-(?P<day>[0-9]{{1,2}})(?:[T ][0-9]{{2}}:[0-9]{{2}}(?::[0-9.]+)?Z?)?\b"
        ),
        r"\b(?P<one>[0-9]{1,2})[/.](?P<two>[0-9]{1,2})[/.](?P<year>[0-9]{4}|[0-9]{2})\b".to_owned(),
        format!(r"(?i)\b{DAY}(?:\s+of)?[\s-]+{MONTH}\b\.?(?:,?[\s-]+{YEAR}\b)?"),
        format!(r"(?i)\b{MONTH}\b\.?\s+(?:the\s+)?{DAY}\b(?:,?\s+{YEAR}\b)?"),
        format!(r"(?i)\b{MONTH}\b\.?,?\s+(?:of\s+)?{YEAR}\b"),
        format!(r"\b(?i:in|since|until|by|from|of|during|last|next)\s+(?P<cap>[A-Z])(?i:{MONTH_TAIL})\b"),
    ];
    let compile =
        |form: &String| Regex::new(form).expect("the forms of dates are constants that the tests compile");
    forms.iter().map(compile).collect()
});
const MONTH_TAIL: &str = "anuary|ebruary|arch|pril|ay|une|uly|ugust|eptember|ctober|ovember|ecember";

/// The dates of a sentence, in order, none of which overlaps another.
///
/// With `day_first`, `05/03/2024` is the fifth of March; where only one order is possible, that one is taken. A month by
/// itself counts behind a word such as "in", and a year by itself is a number.
///
/// ```
/// use gold_eval::narration::dates;
///
/// let found = dates("From March 5th, 2024 to the sixth of April.", true);
/// assert_eq!(found[0].year, Some(2024));
/// assert_eq!((found[1].month, found[1].day), (4, Some(6)));
/// ```
#[must_use]
pub fn dates(text: &str, day_first: bool) -> Vec<SpokenDate> {
    let mut found: Vec<SpokenDate> = Vec::new();
    for form in FORMS.iter() {
        for captures in form.captures_iter(text) {
            let Some(date) = read(&captures, day_first) else {
                continue;
            };
            if !found.iter().any(|known| known.span.overlaps(date.span)) {
                found.push(date);
            }
        }
    }
    found.sort_by_key(|date| date.span);
    found
}

fn read(captures: &Captures<'_>, day_first: bool) -> Option<SpokenDate> {
    let whole = captures.get(0)?;
    let number = |name: &str| {
        captures
            .name(name)
            .and_then(|found| found.as_str().parse::<u32>().ok())
    };
    // "may" and "march" in lower case are verbs.
    if captures
        .name("month")
        .is_some_and(|month| matches!(month.as_str(), "may" | "march" | "mar"))
    {
        return None;
    }
    let (mut start, mut day) = (whole.start(), number("day"));
    if let Some(word) = captures.name("word") {
        let words = super::text::words(word.as_str());
        let spoken = written::numbers(&words);
        day = spoken
            .first()
            .and_then(|(number, _)| number.value())
            .map(|value| value as u32);
    }
    let month = if let (Some(one), Some(two)) = (number("one"), number("two")) {
        let one_is_day = if one > 12 || two > 12 { one > 12 } else { day_first };
        let (found, month) = if one_is_day { (one, two) } else { (two, one) };
        day = Some(found);
        month
    } else if let Some(number) = number("number") {
        number
    } else if let Some(capital) = captures.name("cap") {
        start = capital.start();
        month_of(&whole.as_str()[capital.start() - whole.start()..])?
    } else {
        month_of(captures.name("month")?.as_str())?
    };
    let year = captures.name("year").and_then(|year| {
        let value: i32 = year.as_str().parse().ok()?;
        let is_short = year.as_str().len() == 2;
        Some(if !is_short {
            value
        } else if value <= PIVOT {
            2000 + value
        } else {
            1900 + value
        })
    });
    let is_day = day.is_none_or(|day| (1..=31).contains(&day));
    ((1..=12).contains(&month) && is_day).then_some(SpokenDate {
        span: TextSpan {
            start,
            end: whole.end(),
        },
        year,
        month,
        day,
    })
}

fn month_of(name: &str) -> Option<u32> {
    let start = name.get(..3)?.to_ascii_lowercase();
    let place = MONTHS.iter().position(|month| *month == start)?;
    u32::try_from(place + 1).ok()
}

impl SpokenDate {
    /// The date that a text is as a whole.
    pub(super) fn of_text(text: &str, day_first: bool) -> Option<Self> {
        let text = text.trim();
        dates(text, day_first)
            .into_iter()
            .find(|date| date.span.start == 0 && date.span.end == text.len())
    }

    /// Whether a sentence that writes `self` says `value`: what is written agrees, and year or day may be left out.
    pub(super) fn says(&self, value: &Self) -> bool {
        let agree = |said: Option<i32>, is: Option<i32>| said.is_none() || is.is_none() || said == is;
        let day = |date: &Self| date.day.and_then(|day| i32::try_from(day).ok());
        self.month == value.month && agree(self.year, value.year) && agree(day(self), day(value))
    }
}
