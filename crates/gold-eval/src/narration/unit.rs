//! Units of measure, as far as sentences about data use them.

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    /// A part of a whole; base 1.
    Share,
    Length,
    Mass,
    Time,
    Volume,
    Temperature,
    Data,
    /// By its ISO 4217 code; `$` is a dollar of any country and the empty code a hundredth of any currency.
    Money(&'static str),
}

/// A unit: what it measures and how many base units it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unit {
    pub(super) dimension: Dimension,
    pub(super) factor: f64,
}

impl Unit {
    pub(super) const PERCENT: Self = Self {
        dimension: Dimension::Share,
        factor: 0.01,
    };
    pub(super) const FRACTION: Self = Self {
        dimension: Dimension::Share,
        factor: 1.0,
    };

    /// The unit of a name or sign, in lower case (`m` is a metre, never a million).
    pub(super) fn of(name: &str) -> Option<Self> {
        let (dimension, factor) = match name {
            "%" | "percent" | "pct" | "pp" => (Dimension::Share, 0.01),
            "‰" => (Dimension::Share, 0.001),
            "bp" | "bps" => (Dimension::Share, 0.0001),
            "fraction" => (Dimension::Share, 1.0),
            "mm" | "millimetre" | "millimeter" => (Dimension::Length, 0.001),
            "cm" | "centimetre" | "centimeter" => (Dimension::Length, 0.01),
            "m" | "metre" | "meter" => (Dimension::Length, 1.0),
            "km" | "kms" | "kilometre" | "kilometer" => (Dimension::Length, 1000.0),
            "inch" | "inche" => (Dimension::Length, 0.0254),
            "ft" | "foot" | "feet" => (Dimension::Length, 0.3048),
            "yd" | "yard" => (Dimension::Length, 0.9144),
            "mi" | "mile" => (Dimension::Length, 1609.344),
            "mg" | "milligram" => (Dimension::Mass, 0.000_001),
            "g" | "gram" | "gramme" => (Dimension::Mass, 0.001),
            "kg" | "kilogram" | "kilo" => (Dimension::Mass, 1.0),
            "t" | "tonne" => (Dimension::Mass, 1000.0),
            "oz" | "ounce" => (Dimension::Mass, 0.028_349_523_125),
            "lb" | "lbs" => (Dimension::Mass, 0.453_592_37),
            "ms" | "millisecond" => (Dimension::Time, 0.001),
            "s" | "sec" | "second" => (Dimension::Time, 1.0),
            "min" | "minute" => (Dimension::Time, 60.0),
            "h" | "hr" | "hrs" | "hour" => (Dimension::Time, 3600.0),
            "day" => (Dimension::Time, 86_400.0),
            "week" => (Dimension::Time, 604_800.0),
            "ml" | "millilitre" | "milliliter" => (Dimension::Volume, 0.001),
            "l" | "litre" | "liter" => (Dimension::Volume, 1.0),
            "c" | "°c" | "celsius" => (Dimension::Temperature, 1.0),
            "kb" => (Dimension::Data, 1e3),
            "mb" | "megabyte" => (Dimension::Data, 1e6),
            "gb" | "gigabyte" => (Dimension::Data, 1e9),
            "tb" | "terabyte" => (Dimension::Data, 1e12),
            "pence" | "cent" => (Dimension::Money(""), 0.01),
            _ => (Dimension::Money(currency(name)?), 1.0),
        };
        Some(Self { dimension, factor })
    }

    /// Whether both measure the same.
    pub(super) fn is_like(self, other: Self) -> bool {
        match (self.dimension, other.dimension) {
            (Dimension::Money(a), Dimension::Money(b)) => {
                let is_dollar = |any: &str, code: &str| any == "$" && code.ends_with('D');
                a == b || a.is_empty() || b.is_empty() || is_dollar(a, b) || is_dollar(b, a)
            }
            (a, b) => a == b,
        }
    }
}

/// The code of a currency by its sign, code or name in lower case.
pub(super) fn currency(name: &str) -> Option<&'static str> {
    Some(match name {
        "£" | "gbp" | "pound" | "quid" => "GBP",
        "€" | "eur" | "euro" => "EUR",
        "$" | "dollar" => "$",
        "usd" | "us$" => "USD",
        "aud" | "a$" => "AUD",
        "cad" | "c$" => "CAD",
        "nzd" | "nz$" => "NZD",
        "sgd" => "SGD",
        "¥" | "jpy" | "yen" => "JPY",
        "cny" | "rmb" | "yuan" => "CNY",
        "₹" | "inr" | "rupee" => "INR",
        "chf" | "franc" => "CHF",
        "myr" | "rm" | "ringgit" => "MYR",
        _ => return None,
    })
}

/// What a scale word multiplies by, in lower case.
pub(super) fn scale(name: &str) -> Option<f64> {
    Some(match name {
        "k" | "thousand" => 1e3,
        "mn" | "million" => 1e6,
        "bn" | "billion" => 1e9,
        "tn" | "trillion" => 1e12,
        "hundred" => 1e2,
        "lakh" => 1e5,
        "crore" => 1e7,
        _ => return None,
    })
}
