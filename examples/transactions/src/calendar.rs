//! Days, without a clock: every date of the generator is counted from a fixed one.

/// A day of the year, as statements write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
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
/// Howard Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`, for days after the epoch.
pub(crate) fn date(days: i64) -> Date {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    Date {
        year: era * 400 + year_of_era + i64::from(month <= 2),
        month: month as u32,
        day: day as u32,
    }
}

/// The day of the week of a day since the Unix epoch, 0 for Monday.
pub(crate) fn weekday(days: i64) -> usize {
    (days + 3).rem_euclid(7) as usize
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
