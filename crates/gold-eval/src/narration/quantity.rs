//! Whether a number in a sentence says a number of the row.

use super::{
    bound::Bound,
    number::{NumberMention, Reading, numbers},
    text::Word,
    unit::{Dimension, Unit},
};

/// A number of the row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) unit: Option<Unit>,
    /// Whether its sign has to be said; that of a negative number always has.
    pub(super) is_signed: bool,
}

impl Quantity {
    /// The number that a text is as a whole, such as `£20` or `-3.5%`; number words are text.
    pub(super) fn of_text(text: &str, decimal_comma: bool) -> Option<Self> {
        let text = text.trim();
        let found = numbers(text, decimal_comma);
        let [only] = found.as_slice() else {
            return None;
        };
        let is_whole = only.span.start == 0 && only.span.end == text.len() && only.decimals.is_some();
        let reading = only.readings.first().filter(|_| is_whole)?;
        Some(Self {
            value: reading.value,
            unit: reading.unit,
            is_signed: false,
        })
    }
}

/// How near a mention comes to saying a number; the better, the larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// Another number.
    Other,
    /// The same number of another unit.
    WrongUnit,
    /// "over 5" of what is below 5.
    WrongSide,
    /// "rose by 3%" of -3%.
    WrongSign,
    /// The number, as precisely as it is written.
    Said,
}

/// Which way a sentence says that things went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// How near `mention` comes to `quantity`; "about" and its like may be `approximate` (a share of the value) away.
pub(super) fn agreement(
    mention: &NumberMention,
    quantity: &Quantity,
    direction: Option<Direction>,
    approximate: f64,
) -> Agreement {
    let best = mention.readings.iter().flat_map(|reading| {
        scales(reading.unit, quantity)
            .into_iter()
            .map(|(factor, value)| scaled(mention, reading, factor, value, quantity, direction, approximate))
            .chain(other_unit(mention, reading, quantity))
    });
    best.max().unwrap_or(Agreement::Other)
}

/// The factors under which a mention and the row's value have one unit: of the mention, and the value under it.
fn scales(unit: Option<Unit>, quantity: &Quantity) -> Vec<(f64, f64)> {
    let value = quantity.value;
    match (unit, quantity.unit) {
        (None, _) => vec![(1.0, value)],
        (Some(spoken), Some(unit)) if spoken.is_like(unit) => vec![(spoken.factor, value * unit.factor)],
        (Some(_), Some(_)) => Vec::new(),
        // A bare number in the row is in the unit of the sentence, and a bare share may be one of 1 or of 100.
        (Some(spoken), None) if spoken.dimension == Dimension::Share => {
            let as_written = (1.0, value);
            let of_one = (spoken.factor, value);
            if spoken.factor == 1.0 {
                vec![of_one, (100.0, value)]
            } else if value.abs() <= 1.0 {
                vec![as_written, of_one]
            } else {
                vec![as_written]
            }
        }
        (Some(_), None) => vec![(1.0, value)],
    }
}

fn other_unit(mention: &NumberMention, reading: &Reading, quantity: &Quantity) -> Option<Agreement> {
    let (spoken, unit) = (reading.unit?, quantity.unit?);
    let same = (reading.value.abs() - quantity.value.abs()).abs() <= reading.place / 2.0;
    (same && !spoken.is_like(unit) && mention.decimals.is_some()).then_some(Agreement::WrongUnit)
}

fn scaled(
    mention: &NumberMention,
    reading: &Reading,
    factor: f64,
    value: f64,
    quantity: &Quantity,
    direction: Option<Direction>,
    approximate: f64,
) -> Agreement {
    let spoken = reading.value * factor;
    let (place, round_place) = (reading.place * factor, reading.round_place * factor);
    // A written sign is part of the number; otherwise sizes are compared, and the words say which way.
    let (said, is) = if mention.is_signed {
        (spoken, value)
    } else {
        (spoken.abs(), value.abs())
    };
    let fits = match mention.range {
        Some(other) => between(said, other.abs() * factor, is),
        None => is_within(mention.bound, said, is, place, round_place, approximate),
    };
    let has_sign = quantity.is_signed || value < 0.0;
    if !fits {
        // Of the right size, but of the wrong sign or on the wrong side?
        if mention.is_signed
            && is_within(
                mention.bound,
                said.abs(),
                is.abs(),
                place,
                round_place,
                approximate,
            )
        {
            return Agreement::WrongSign;
        }
        let is_near = is_within(Bound::About, said, is, place, round_place, approximate);
        return if mention.bound != Bound::Exact && is_near {
            Agreement::WrongSide
        } else {
            Agreement::Other
        };
    }
    if has_sign && !mention.is_signed && value != 0.0 {
        let is_down = direction == Some(Direction::Down);
        if is_down != (value < 0.0) {
            return Agreement::WrongSign;
        }
    }
    Agreement::Said
}

/// Whether a range holds the value and is no wider than half of its upper end.
fn between(one: f64, other: f64, value: f64) -> bool {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    low <= value && value <= high && high - low <= high.abs() / 2.0
}

/// Whether a value lies where a bounded number says.
///
/// - A bare number is right to half a unit of its last written digit: "3.2 million" is 3,150,000 to 3,250,000.
/// - "about" is right to half a unit of its last digit that is not 0, or within the share that the style allows.
/// - "nearly" and "just over" are on one side, within that share.
/// - "over", "under" and their like are on one side, within one unit of the last digit that is not 0, or that share.
fn is_within(bound: Bound, spoken: f64, value: f64, place: f64, round_place: f64, approximate: f64) -> bool {
    // Room for the rounding of doubles alone.
    let dust = 1e-9 * value.abs().max(spoken.abs()).max(1e-300);
    let share = approximate * value.abs() + dust;
    let above = value - spoken;
    let reach = round_place.max(share) + dust;
    match bound {
        Bound::Exact => above.abs() <= place / 2.0 + dust,
        Bound::About => above.abs() <= (round_place / 2.0).max(share) + dust,
        Bound::Nearly => above < 0.0 && -above <= share.max(place / 2.0),
        Bound::JustOver => above > 0.0 && above <= share.max(place / 2.0),
        Bound::Below => above < 0.0 && -above <= reach,
        Bound::AtMost => above <= dust && -above <= reach,
        Bound::Above => above > 0.0 && above <= reach,
        Bound::AtLeast => above >= -dust && above <= reach,
    }
}

const DOWN: &[&str] = &[
    "fell",
    "fall",
    "falls",
    "fallen",
    "falling",
    "down",
    "drop",
    "drops",
    "dropped",
    "dropping",
    "decline",
    "declines",
    "declined",
    "declining",
    "decrease",
    "decreases",
    "decreased",
    "decreasing",
    "lost",
    "loss",
    "losses",
    "lose",
    "loses",
    "lower",
    "minus",
    "negative",
    "shrank",
    "shrink",
    "shrinks",
    "slid",
    "slide",
    "slides",
    "slipped",
    "slip",
    "slips",
    "reduced",
    "reduction",
    "reduces",
    "cut",
    "cuts",
    "deficit",
    "less",
    "fewer",
    "below",
    "sank",
    "sinks",
    "tumbled",
    "plunged",
    "dipped",
    "dip",
    "worse",
    "cheaper",
    "behind",
];
const UP: &[&str] = &[
    "rose",
    "rise",
    "rises",
    "risen",
    "rising",
    "up",
    "gain",
    "gains",
    "gained",
    "gaining",
    "grew",
    "grow",
    "grows",
    "grown",
    "growth",
    "increase",
    "increases",
    "increased",
    "increasing",
    "climbed",
    "climb",
    "climbs",
    "jumped",
    "jump",
    "jumps",
    "higher",
    "plus",
    "positive",
    "profit",
    "surplus",
    "more",
    "above",
    "surged",
    "soared",
    "added",
    "adds",
    "better",
    "ahead",
];

/// The word of direction that is nearest to a number in its sentence; of two equally near, the one before it.
pub(super) fn direction(words: &[Word], mention: &NumberMention) -> Option<Direction> {
    let first = words.partition_point(|word| word.span.end <= mention.span.start);
    let sentence = words.get(first)?.sentence;
    let of = |word: &Word| {
        let lower = word.lower.as_str();
        let down = DOWN.contains(&lower).then_some(Direction::Down);
        down.or(UP.contains(&lower).then_some(Direction::Up))
    };
    // Words such as "more than" bound the number and say nothing of the way.
    let bounds = |at: usize| {
        words
            .get(at + 1)
            .is_some_and(|next| next.lower == "than" || next.lower == "to")
    };
    let near = (0..words.len())
        .filter(|&at| words[at].sentence == sentence && !bounds(at))
        .filter_map(|at| Some((at.abs_diff(first) * 2 + usize::from(at >= first), of(&words[at])?)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, direction)| direction)
}
