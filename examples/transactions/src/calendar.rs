//! Days, without a clock: every date of the generator is counted from a fixed one.

/// A day of the year, as statements write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i32,
    /// From 1.
    pub(crate) month: u32,
    /// From 1.
    pub(crate) day: u32,
}

/// Seconds in a day.
pub(crate) const DAY: i64 = 86_400;

/// 1 June 2025, the first day of the log, in days since the Unix epoch. The log covers a whole year, so that no
/// date of the month that follows is new in itself.
pub(crate) const LOG_BEGINS: i64 = 20_240;

/// 1 June 2026, the first day of live traffic; a Monday.
pub(crate) const MONTH_BEGINS: i64 = LOG_BEGINS + 365;

/// The date of a day since the Unix epoch.
///
/// # Panics
///
/// For days beyond the year 9999; those of a log and of a month are near [`LOG_BEGINS`].
pub(crate) fn date(days: i64) -> Date {
    let date = calendar_date(days);
    Date {
        year: date.year(),
        month: u8::from(date.month()).into(),
        day: date.day().into(),
    }
}

/// The day of the week of a day since the Unix epoch, 0 for Monday.
///
/// # Panics
///
/// As [`date`].
pub(crate) fn weekday(days: i64) -> usize {
    usize::from(calendar_date(days).weekday().number_days_from_monday())
}

fn calendar_date(days: i64) -> time::Date {
    let at = time::OffsetDateTime::from_unix_timestamp(days * DAY);
    at.expect("a day of the generator lies before the year 10,000")
        .date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let check = |days, year, month, day, of_week| {
            assert_eq!(date(days), Date { year, month, day });
            assert_eq!(weekday(days), of_week);
        };
        // `date -u -d @$((DAYS * 86400)) '+%F %u'`, less one for the weekday.
        check(0, 1970, 1, 1, 3);
        check(11_016, 2000, 2, 29, 1);
        check(LOG_BEGINS, 2025, 6, 1, 6);
        check(MONTH_BEGINS - 1, 2026, 5, 31, 6);
        check(MONTH_BEGINS, 2026, 6, 1, 0);
    }
}
