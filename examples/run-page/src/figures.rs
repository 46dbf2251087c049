//! Numbers as people read them, beside those that a gate's report shows.

use gold_eval::figures::with_commas;
pub(crate) use gold_eval::figures::{count, counted, one_line, percent, percent_range};

/// `part` of `whole` in 0..=1; 0 of nothing.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    part.min(whole) as f64 / whole.max(1) as f64
}

/// A number that may be large, with three digits or all those before the point.
pub(crate) fn amount(number: f64) -> String {
    let (sign, size) = (if number < 0.0 { "\u{2212}" } else { "" }, number.abs());
    let digits = match size {
        _ if !size.is_finite() => return "?".to_owned(),
        _ if size >= 99.95 => format!("{size:.0}"),
        _ if size >= 9.995 => format!("{size:.1}"),
        _ if size == 0.0 => "0".to_owned(),
        _ => format!("{size:.2}"),
    };
    format!("{sign}{}", with_commas(&digits))
}

/// A volume to three digits, rounded up: it is where something begins, and the rest of the digits mean nothing.
pub(crate) fn volume(calls: f64) -> String {
    if !calls.is_finite() || calls < 1000.0 {
        return amount(calls.ceil());
    }
    let unit = 10_f64.powf(calls.log10().floor() - 2.0);
    amount((calls / unit).ceil() * unit)
}

/// A sum of money.
pub(crate) fn money(sum: f64, currency: &str) -> String {
    format!("{} {}", amount(sum), one_line(currency, 8))
}

/// A time of a stage.
pub(crate) fn duration(seconds: f64) -> String {
    match seconds {
        _ if !seconds.is_finite() => "?".to_owned(),
        _ if seconds < 0.9995 => format!("{:.0} ms", 1000.0 * seconds),
        _ if seconds < 99.95 => format!("{seconds:.1} s"),
        _ => {
            let whole = seconds.round() as u64;
            format!("{} min {:02} s", whole / 60, whole % 60)
        }
    }
}

/// A latency.
pub(crate) fn milliseconds(ms: f64) -> String {
    match ms {
        _ if ms < 0.995 => format!("{ms:.2} ms"),
        _ if ms < 99.95 => format!("{ms:.1} ms"),
        _ => format!("{ms:.0} ms"),
    }
}

/// An amount of memory.
pub(crate) fn memory(bytes: u64) -> String {
    match bytes as f64 / f64::from(1 << 20) {
        mib if mib < 1000.0 => format!("{mib:.0} MiB"),
        mib => format!("{:.1} GiB", mib / 1024.0),
    }
}

/// The date of a time in seconds since the Unix epoch, UTC: `2026-06-12`.
///
/// Times outside the years -9999 to 9999 are no dates of any log and are shown as "?".
pub(crate) fn date(at: i64) -> String {
    match time::OffsetDateTime::from_unix_timestamp(at) {
        Ok(at) => at.date().to_string(),
        Err(_) => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests;
