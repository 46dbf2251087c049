//! The date that a template sees.

use std::{fmt, str::FromStr};

/// The date and time that a chat template is told, if it asks.
///
/// A template that prints the day would give other ids tomorrow than those an adapter was trained with. So the date
/// never comes from a clock: it is 26 July 2024, 00:00, unless [`ChatTemplate::with_date`](crate::ChatTemplate)
/// says otherwise. That is the day which Llama's own templates name where there is no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChatDate {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

/// A text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not a date between 1000 and 9999: write 2024-07-26 or 2024-07-26T14:05:00")]
pub struct ChatDateError {
    /// The text.
    found: String,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Default for ChatDate {
    /// 26 July 2024, 00:00.
    fn default() -> Self {
        Self {
            year: 2024,
            month: 7,
            day: 26,
            hour: 0,
            minute: 0,
            second: 0,
        }
    }
}

impl FromStr for ChatDate {
    type Err = ChatDateError;

    /// Reads `2024-07-26` or `2024-07-26T14:05:00`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| ChatDateError {
            found: text.to_owned(),
        })
    }
}

impl fmt::Display for ChatDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )
    }
}

impl ChatDate {
    fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00"));
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let small = |number| u8::try_from(number).ok();
        let date = Self {
            year,
            month: small(month)?,
            day: small(day)?,
            hour: small(hour)?,
            minute: small(minute)?,
            second: small(second)?,
        };
        let in_year = year >= 1000 && (1..=12).contains(&month);
        let in_day = hour < 24 && minute < 60 && second < 60;
        (in_year && in_day && (1..=date.days_in(date.month)).contains(&date.day)).then_some(date)
    }

    fn days_in(self, month: u8) -> u8 {
        let leap =
            (self.year.is_multiple_of(4) && !self.year.is_multiple_of(100)) || self.year.is_multiple_of(400);
        match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Days of the year before this one's.
    fn day_of_year(self) -> u16 {
        (1..self.month)
            .map(|month| u16::from(self.days_in(month)))
            .sum::<u16>()
            + u16::from(self.day)
    }

    /// 0 for Sunday.
    fn weekday(self) -> u16 {
        let before = self.year - 1;
        (before + before / 4 - before / 100 + before / 400 + self.day_of_year()) % 7
    }

    /// As Python's `strftime` writes it in the C locale; `None` for a directive that is not known.
    pub(super) fn format(self, format: &str) -> Option<String> {
        let mut text = String::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                text.push(c);
                continue;
            }
            let mut directive = chars.next()?;
            // glibc's flag: no padding.
            let bare = directive == '-';
            if bare {
                directive = chars.next()?;
            }
            let part = self.directive(directive)?;
            let part = if bare {
                match part.trim_start_matches(['0', ' ']) {
                    "" => "0",
                    rest => rest,
                }
            } else {
                &part
            };
            text.push_str(part);
        }
        Some(text)
    }

    fn directive(self, directive: char) -> Option<String> {
        let (month, weekday) = (
            MONTHS[usize::from(self.month) - 1],
            DAYS[usize::from(self.weekday())],
        );
        let hour = match self.hour % 12 {
            0 => 12,
            hour => hour,
        };
        Some(match directive {
            'Y' => format!("{:04}", self.year),
            'y' => format!("{:02}", self.year % 100),
            'm' => format!("{:02}", self.month),
            'd' => format!("{:02}", self.day),
            'e' => format!("{:2}", self.day),
            'j' => format!("{:03}", self.day_of_year()),
            'B' => month.to_owned(),
            'b' | 'h' => month[..3].to_owned(),
            'A' => weekday.to_owned(),
            'a' => weekday[..3].to_owned(),
            'w' => self.weekday().to_string(),
            'H' => format!("{:02}", self.hour),
            'I' => format!("{hour:02}"),
            'M' => format!("{:02}", self.minute),
            'S' => format!("{:02}", self.second),
            'f' => "000000".to_owned(),
            'p' => if self.hour < 12 { "AM" } else { "PM" }.to_owned(),
            // The date has no time zone.
            'z' | 'Z' => String::new(),
            'F' => self.format("%Y-%m-%d")?,
            'T' => self.format("%H:%M:%S")?,
            'R' => self.format("%H:%M")?,
            'D' | 'x' => self.format("%m/%d/%y")?,
            'X' => self.format("%H:%M:%S")?,
            'c' => self.format("%a %b %e %H:%M:%S %Y")?,
            '%' => "%".to_owned(),
            _ => return None,
        })
    }
}

/// Three numbers of given widths between separators.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(separator);
    let mut read = [0; 3];
    for (number, width) in read.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(read)
}

#[cfg(test)]
mod tests;
