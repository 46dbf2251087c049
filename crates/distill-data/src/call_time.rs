//! When a call was made.

use std::{fmt, ops::Range};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds from 1970 to 2000-01-01T00:00:00Z, the first time that is believed.
const FIRST: i64 = 946_684_800;
/// Seconds from 1970 to 2100-01-01T00:00:00Z, the first time that is not believed any more.
const END: i64 = 4_102_444_800;
const SECONDS_PER_DAY: i64 = 86_400;

/// When a call was made, to the millisecond, in UTC; in files as RFC 3339.
///
/// Only times of the years 2000 to 2099 are believed: a log that says otherwise has a broken clock, or a number of
/// another unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    unix_ms: i64,
}

/// Text that is no time of the years 2000 to 2099.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{written:?} is no time of the years 2000 to 2099: write RFC 3339, as in 2026-11-26T20:00:00Z")]
pub struct CallTimeError {
    /// The text.
    pub written: String,
}

impl CallTime {
    /// The times that are believed, in milliseconds since 1970.
    pub const BELIEVED_MS: Range<i64> = FIRST * 1000..END * 1000;

    /// A time of the years 2000 to 2099, from milliseconds since 1970; `None` outside.
    #[must_use]
    pub fn from_unix_ms(unix_ms: i64) -> Option<Self> {
        Self::BELIEVED_MS.contains(&unix_ms).then_some(Self { unix_ms })
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_ms(self) -> i64 {
        self.unix_ms
    }

    /// The day in UTC, counted from 1970-01-01.
    #[must_use]
    pub fn day(self) -> i64 {
        self.unix_ms.div_euclid(SECONDS_PER_DAY * 1000)
    }

    /// The beginning of a day that is counted from 1970-01-01.
    pub(crate) fn of_day(day: i64) -> Option<Self> {
        Self::from_unix_ms(day.checked_mul(SECONDS_PER_DAY * 1000)?)
    }

    /// The date in UTC, as in `2026-11-26`.
    #[must_use]
    pub fn date(self) -> String {
        self.to_string().chars().take(10).collect()
    }

    /// A number since 1970: of seconds, milliseconds, microseconds or nanoseconds. In the years that are believed no
    /// number of one unit is one of another.
    pub(crate) fn from_number(number: f64) -> Option<Self> {
        [1e3, 1.0, 1e-3, 1e-6]
            .into_iter()
            .find_map(|ms| Self::from_unix_ms((number * ms).floor() as i64))
    }

    /// A number as [`from_number`](Self::from_number) takes it, or text: RFC 3339, with a space in place of its T, without
    /// its zone (then UTC), or a date alone.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::from_number(number.as_f64()?),
            Value::String(text) => Self::from_text(text.trim()),
            _ => None,
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Self::from_number(number);
        }
        if text.len() < 10 || !text.is_ascii() {
            return None;
        }
        let (date, rest) = text.split_at(10);
        let clock = rest.trim_start_matches([' ', 'T', 't']).trim_end_matches(" UTC");
        let zone = match clock.find(['Z', 'z', '+', '-']) {
            None => "Z",
            Some(_) => "",
        };
        let clock = if clock.is_empty() { "00:00:00" } else { clock };
        let at = OffsetDateTime::parse(&format!("{date}T{clock}{zone}"), &Rfc3339).ok()?;
        Self::from_unix_ms(i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).ok()?)
    }
}

impl fmt::Display for CallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.unix_ms) * 1_000_000);
        let at = at.unwrap_or(Date::MIN.midnight().assume_utc());
        let milliseconds = match at.millisecond() {
            0 => String::new(),
            some => format!(".{some:03}"),
        };
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{milliseconds}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }
}

impl TryFrom<String> for CallTime {
    type Error = CallTimeError;

    fn try_from(written: String) -> Result<Self, CallTimeError> {
        Self::from_text(&written).ok_or(CallTimeError { written })
    }
}

impl From<CallTime> for String {
    fn from(at: CallTime) -> Self {
        at.to_string()
    }
}

#[cfg(test)]
mod tests;
