//! Values of columns as JSON, by what the file says that they are.

use std::fmt::Write;

use parquet::{
    basic::{ConvertedType, LogicalType},
    data_type::ByteArray,
    schema::types::ColumnDescriptor,
};
use serde::de::IgnoredAny;
use stage_files::MAX_LINE_BYTES;

use super::assembly::quote;
use crate::CallTime;

/// A value as the column stores it.
pub(super) enum Stored {
    Truth(bool),
    Whole(i64),
    Number(f64),
    Bytes(ByteArray),
}

/// A text is not UTF-8 from that byte on.
#[derive(Debug)]
pub(super) struct NotUtf8 {
    pub(super) at: usize,
}

/// What the stored values of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What they are. A time is the number that stands there, as readers tell its unit by its size; bytes are text where
    /// they are UTF-8, as some writers do not say of text that it is, and else null.
    Plain,
    /// Text.
    Text,
    /// JSON, which becomes a part of the row.
    Json,
    /// A whole number that is not negative, of 32 bits.
    Unsigned32,
    /// A whole number that is not negative, of 64 bits.
    Unsigned64,
    /// A whole number with so many digits after the point.
    Decimal(u32),
    /// Days since 1970.
    Date,
    /// Half a single.
    Half,
    /// 16 bytes.
    Uuid,
}

impl Kind {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let decimal = |scale: i32| u32::try_from(scale).map_or(Self::Plain, Self::Decimal);
        match column.logical_type_ref() {
            Some(LogicalType::String | LogicalType::Enum) => return Self::Text,
            Some(LogicalType::Json) => return Self::Json,
            Some(LogicalType::Uuid) => return Self::Uuid,
            Some(LogicalType::Float16) => return Self::Half,
            _ => {}
        }
        // Of the others there is one of either kind.
        match column.converted_type() {
            ConvertedType::UTF8 | ConvertedType::ENUM => Self::Text,
            ConvertedType::JSON => Self::Json,
            ConvertedType::DECIMAL => decimal(column.type_scale()),
            ConvertedType::DATE => Self::Date,
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => Self::Unsigned32,
            ConvertedType::UINT_64 => Self::Unsigned64,
            _ => Self::Plain,
        }
    }

    /// Writes a value as JSON.
    pub(super) fn write(self, value: &Stored, text: &mut String) -> Result<(), NotUtf8> {
        // A string that is written to does not fail.
        let _ = match (self, value) {
            (Self::Text | Self::Json, Stored::Bytes(bytes)) => {
                let read = std::str::from_utf8(bytes.data()).map_err(|error| NotUtf8 {
                    at: error.valid_up_to(),
                })?;
                match self == Self::Json && is_json(read) {
                    true => text.push_str(read),
                    false => bounded_quote(read, text),
                }
                Ok(())
            }
            (Self::Decimal(scale), value) => match whole(value) {
                Some(digits) => write_decimal(digits, scale, text),
                None => write!(text, "null"),
            },
            (Self::Uuid, Stored::Bytes(bytes)) if bytes.data().len() == 16 => write_uuid(bytes.data(), text),
            (Self::Half, Stored::Bytes(bytes)) => write_half(bytes.data(), text),
            (Self::Date, Stored::Whole(day)) => match CallTime::of_day(*day) {
                Some(day) => write!(text, "\"{}\"", day.date()),
                None => write!(text, "{day}"),
            },
            // The bits are those of a number with a sign.
            (Self::Unsigned32, Stored::Whole(number)) => write!(text, "{}", *number as u32),
            (Self::Unsigned64, Stored::Whole(number)) => write!(text, "{}", *number as u64),
            (_, Stored::Truth(truth)) => write!(text, "{truth}"),
            (_, Stored::Whole(number)) => write!(text, "{number}"),
            (_, Stored::Number(number)) => write_number(*number, text),
            (_, Stored::Bytes(bytes)) => match std::str::from_utf8(bytes.data()) {
                Ok(read) => {
                    bounded_quote(read, text);
                    Ok(())
                }
                Err(_) => write!(text, "null"),
            },
        };
        Ok(())
    }
}

/// Whether text is JSON in one line, so that it can stand in another.
fn is_json(text: &str) -> bool {
    text.len() <= MAX_LINE_BYTES && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Of a text that is longer than a line may be, enough to make the line so.
fn bounded_quote(read: &str, text: &mut String) {
    match read.len() > MAX_LINE_BYTES {
        true => text.push_str(&read[..read.floor_char_boundary(MAX_LINE_BYTES + 4)]),
        false => quote(read, text),
    }
}

/// The whole number that an integer or big-endian bytes hold, in two's complement; `None` beyond 128 bits.
fn whole(value: &Stored) -> Option<i128> {
    match value {
        Stored::Whole(number) => Some((*number).into()),
        Stored::Bytes(bytes) if bytes.data().len() <= 16 => {
            let bytes = bytes.data();
            let sign = match bytes.first() {
                Some(0x80..) => -1,
                _ => 0,
            };
            Some(
                bytes
                    .iter()
                    .fold(sign, |sum: i128, byte| sum << 8 | i128::from(*byte)),
            )
        }
        _ => None,
    }
}

fn write_decimal(digits: i128, scale: u32, text: &mut String) -> std::fmt::Result {
    let Some(unit) = 10_u128.checked_pow(scale) else {
        return write!(text, "null");
    };
    let sign = if digits < 0 { "-" } else { "" };
    let (units, rest) = (digits.unsigned_abs() / unit, digits.unsigned_abs() % unit);
    match scale {
        0 => write!(text, "{sign}{units}"),
        _ => write!(text, "{sign}{units}.{rest:0width$}", width = scale as usize),
    }
}

fn write_uuid(bytes: &[u8], text: &mut String) -> std::fmt::Result {
    text.push('"');
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{byte:02x}")?;
    }
    text.push('"');
    Ok(())
}

/// IEEE 754 binary16, little-endian.
fn write_half(bytes: &[u8], text: &mut String) -> std::fmt::Result {
    let &[low, high] = bytes else {
        return write!(text, "null");
    };
    let bits = u16::from_le_bytes([low, high]);
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
    let size = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
    };
    write_number(if bits >> 15 == 1 { -size } else { size }, text)
}

/// JSON has no form for what is no number or endless.
fn write_number(number: f64, text: &mut String) -> std::fmt::Result {
    write!(text, "{}", serde_json::Value::from(number))
}
