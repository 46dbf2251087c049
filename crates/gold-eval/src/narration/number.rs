//! Numbers in a sentence: digits, with signs, separators, currencies, scales and units; written out; as fractions.

use super::{
    bound::{Bound, bound},
    digits::{Digits, is_digit},
    text::{TextSpan, Word, words},
    unit::{Dimension, Unit, currency, scale},
    written,
};

/// A number that a sentence names.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberMention {
    /// Where it stands, with its sign, currency and unit.
    pub span: TextSpan,
    /// What it may be: `5m` is five metres or five million. Empty for what has digits but is no number, such as a time of
    /// day, a version or a code.
    pub(super) readings: Vec<Reading>,
    /// What the words before it make of it.
    pub bound: Bound,
    /// Whether a sign is written: the number is negative as it stands, or positive with a `+`.
    pub(super) is_signed: bool,
    /// The other end where it is one end of a range, in the unit of its first reading.
    pub(super) range: Option<f64>,
    /// Decimals written, of a number in digits.
    pub(super) decimals: Option<usize>,
    /// Whether it may mean no number at all, as "one" and "second" do: it can say a value, but is never one too many.
    pub(super) is_soft: bool,
}

impl NumberMention {
    /// The number as it stands, scales such as "million" included and units left out, by its first reading; `None` for
    /// what has digits but is no number.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.readings.first().map(|reading| reading.value)
    }
}

/// One way of reading a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reading {
    pub(super) value: f64,
    /// What one unit of the last written digit is worth: 0.1 of "3.2", 100,000 of "3.2 million".
    pub(super) place: f64,
    /// The same of the last digit that is not 0: 100 of "1,200".
    pub(super) round_place: f64,
    /// What a scale such as "million" multiplied it by; 1 without one.
    pub(super) scale: f64,
    pub(super) unit: Option<Unit>,
}

/// Every number of a sentence, in order.
///
/// Digits may have separators of thousands (a comma, or a point with `decimal_comma`; a thin or no-break space, an
/// apostrophe), decimals, an exponent, a sign, a currency before or behind, a scale ("k", "million") and a unit. Number
/// words are English. Digits of other scripts count as digits where Unicode lines them up with 0 to 9 in one of six
/// blocks. It is meant for sentences: the time it takes grows with the square of how many numbers there are.
///
/// ```
/// use gold_eval::narration::numbers;
///
/// let found = numbers("Nearly two thirds of the £3.2m came from twenty-one shops.", false);
/// let values: Vec<f64> = found.iter().filter_map(|number| number.value()).collect();
/// assert_eq!(values, [2.0 / 3.0, 3_200_000.0, 21.0]);
/// ```
#[must_use]
pub fn numbers(text: &str, decimal_comma: bool) -> Vec<NumberMention> {
    numbers_among(text, &words(text), decimal_comma)
}

pub(super) fn numbers_among(text: &str, words: &[Word], decimal_comma: bool) -> Vec<NumberMention> {
    let scanner = Scanner {
        text,
        chars: text.char_indices().collect(),
        decimal_comma,
    };
    let mut found = scanner.digits();
    for (spoken, behind) in written::numbers(words) {
        if found.iter().any(|known| known.span.overlaps(spoken.span)) {
            continue;
        }
        found.push(scanner.with_what_follows(spoken, behind));
    }
    found.sort_by_key(|mention| mention.span);
    join_ranges(text, &mut found);
    for mention in &mut found {
        mention.bound = bound(words, mention.span);
    }
    found
}

struct Scanner<'a> {
    text: &'a str,
    chars: Vec<(usize, char)>,
    decimal_comma: bool,
}

impl Scanner<'_> {
    fn char(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|(_, c)| *c)
    }

    /// The byte at which character `at` begins, or the end of the text.
    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.text.len(), |(byte, _)| *byte)
    }

    /// The character that begins at or behind a byte.
    fn place(&self, byte: usize) -> usize {
        self.chars.partition_point(|(start, _)| *start < byte)
    }

    fn digits(&self) -> Vec<NumberMention> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(c) = self.char(at) {
            if is_digit(c) {
                let (mention, next) = self.number(at);
                found.push(mention);
                at = next.max(at + 1);
            } else if c.is_alphabetic() {
                let (mention, next) = self.letters(at);
                found.extend(mention);
                at = next;
            } else if let Some(value) = vulgar_fraction(c) {
                found.push(self.fraction(at, at + 1, value));
                at += 1;
            } else {
                at += 1;
            }
        }
        found
    }

    /// Letters up to the next word: a word, a code such as `A320`, or nothing where a currency's code stands before digits.
    fn letters(&self, start: usize) -> (Option<NumberMention>, usize) {
        let end = self.run(start, |c| c.is_alphabetic());
        let is_code = self.char(end).is_some_and(is_digit)
            && currency(&self.slice(start, end).to_lowercase()).is_none();
        if !is_code {
            return (None, end);
        }
        let end = self.run(start, char::is_alphanumeric);
        (Some(self.opaque(start, end)), end)
    }

    fn run(&self, start: usize, belongs: impl Fn(char) -> bool) -> usize {
        let length = self.chars[start..]
            .iter()
            .take_while(|(_, c)| belongs(*c))
            .count();
        start + length
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        &self.text[self.byte(start)..self.byte(end)]
    }

    fn span(&self, start: usize, end: usize) -> TextSpan {
        TextSpan {
            start: self.byte(start),
            end: self.byte(end),
        }
    }

    /// Digits that are no number.
    fn opaque(&self, start: usize, end: usize) -> NumberMention {
        mention(self.span(start, end), Vec::new())
    }

    fn fraction(&self, start: usize, end: usize, value: f64) -> NumberMention {
        let reading = fraction_reading(value);
        mention(self.span(start, end), vec![reading])
    }

    /// The number whose digits begin at `start`, and where to go on.
    fn number(&self, start: usize) -> (NumberMention, usize) {
        let Some(digits) = Digits::read(&self.chars, start, self.decimal_comma) else {
            let end = self.run(start, is_digit);
            return (self.opaque(start, end), end);
        };
        let mut end = digits.end;
        // Times, versions, dates: digits behind a colon or a second point are no number.
        let goes_on = |at: usize| {
            matches!(self.char(at), Some(':' | '.' | ',')) && self.char(at + 1).is_some_and(is_digit)
        };
        if goes_on(end) {
            while goes_on(end) {
                end = self.run(end + 1, is_digit);
            }
            return (self.opaque(start, end), end);
        }
        if let Some((value, end)) = self.ratio(&digits) {
            let (sign, begin) = self.before(start);
            let value = if sign == Some(-1.0) { -value } else { value };
            let mut found = self.fraction(begin.0, end, value);
            found.is_signed = sign.is_some();
            return (found, end);
        }
        let mut value = digits.value;
        if let Some(part) = self.char(end).and_then(vulgar_fraction) {
            value += part;
            end += 1;
        }
        let (sign, (begin, money)) = self.before(start);
        let follows = self.follows(end, money.is_some());
        let Some(follows) = follows else {
            // Letters that are neither unit nor scale: a code such as `5x`.
            let end = self.run(end, char::is_alphanumeric);
            return (self.opaque(start, end), end);
        };
        let readings = follows.readings.iter().map(|(factor, unit)| Reading {
            value: value * factor * sign.unwrap_or(1.0),
            place: digits.place * factor,
            round_place: digits.round_place * factor,
            scale: *factor,
            unit: money.or(*unit),
        });
        let mut found = mention(self.span(begin, follows.end), readings.collect());
        found.is_signed = sign.is_some();
        found.decimals = Some(digits.decimals);
        found.is_soft = follows.is_decade;
        (found, follows.end)
    }

    /// `3/4` as a fraction of a whole; `24/7/2020` is none.
    fn ratio(&self, digits: &Digits) -> Option<(f64, usize)> {
        if self.char(digits.end) != Some('/') || digits.decimals > 0 {
            return None;
        }
        let below = Digits::read(&self.chars, digits.end + 1, self.decimal_comma)?;
        let is_plain = below.decimals == 0 && below.value > 0.0 && self.char(below.end) != Some('/');
        is_plain.then(|| (digits.value / below.value, below.end))
    }

    /// The sign before a number, where the number begins with sign and currency, and the currency.
    fn before(&self, start: usize) -> (Option<f64>, (usize, Option<Unit>)) {
        let mut begin = start;
        let mut money = None;
        // A sign or code directly before, or one space away.
        let spaced = start - usize::from(start > 1 && self.char(start - 1) == Some(' '));
        for from in [start, spaced] {
            let Some(last) = from.checked_sub(1).and_then(|at| self.char(at)) else {
                continue;
            };
            let length = if last.is_alphabetic() {
                self.chars[..from]
                    .iter()
                    .rev()
                    .take_while(|(_, c)| c.is_alphabetic())
                    .count()
            } else {
                let letters = self.chars[..from - 1]
                    .iter()
                    .rev()
                    .take_while(|(_, c)| c.is_ascii_uppercase())
                    .count();
                1 + if last == '$' { letters } else { 0 }
            };
            let name = self.slice(from - length, from).to_lowercase();
            // Words such as "pounds" belong to the number before them.
            if let Some(code) = currency(&name).filter(|_| name.chars().count() <= 3) {
                money = Some(Unit {
                    dimension: Dimension::Money(code),
                    factor: 1.0,
                });
                begin = from - length;
                break;
            }
        }
        for from in [begin, start] {
            let sign = from.checked_sub(1).and_then(|at| self.char(at));
            let stands_free = from
                .checked_sub(2)
                .and_then(|at| self.char(at))
                .is_none_or(|c| !c.is_alphanumeric());
            let value = match sign {
                Some('-' | '\u{2212}' | '\u{2013}') if stands_free => -1.0,
                Some('+') if stands_free => 1.0,
                _ => continue,
            };
            return (Some(value), (begin.min(from - 1), money));
        }
        (None, (begin, money))
    }

    /// What stands behind the digits that end before `at`; `None` for letters that make them a code.
    fn follows(&self, at: usize, is_money: bool) -> Option<Follows> {
        let attached = self.run(at, is_unit_char);
        let name = self.slice(at, attached).to_lowercase();
        let plain = |end| Follows {
            readings: vec![(1.0, None)],
            end,
            is_decade: false,
        };
        match name.as_str() {
            "" => Some(self.spaced(at, is_money).unwrap_or(plain(at))),
            "st" | "nd" | "rd" | "th" => Some(plain(attached)),
            "s" if self.char(at.wrapping_sub(1)) == Some('0') && self.char(attached) != Some('\u{b0}') => {
                Some(Follows {
                    readings: vec![(1.0, None), (1.0, Unit::of("s"))],
                    end: attached,
                    is_decade: true,
                })
            }
            "m" if is_money => Some(self.scaled(1e6, attached)),
            "m" => {
                // In "£20-25m" and "5m people" it is a million, in "5m" alone a metre: both are tried.
                let mut follows = self.scaled(1e6, attached);
                follows.readings.insert(0, (1.0, Unit::of("m")));
                Some(follows)
            }
            "b" => Some(self.scaled(1e9, attached)),
            _ => match (scale(&name), Unit::of(&name)) {
                (Some(factor), _) => Some(self.scaled(factor, attached)),
                (None, Some(unit)) => Some(Follows {
                    readings: vec![(1.0, Some(unit))],
                    end: attached,
                    is_decade: false,
                }),
                // Signs such as `°` alone belong to no code.
                _ if !name.chars().any(char::is_alphanumeric) => Some(plain(attached)),
                _ => None,
            },
        }
    }

    /// A scale that ends before `end`, with the unit behind it.
    fn scaled(&self, factor: f64, end: usize) -> Follows {
        let unit = self
            .next_word(end)
            .and_then(|(name, behind)| Some((Unit::of(&name)?, behind)));
        Follows {
            readings: vec![(factor, unit.map(|(unit, _)| unit))],
            end: unit.map_or(end, |(_, behind)| behind),
            is_decade: false,
        }
    }

    /// A scale or a unit behind a space or a hyphen.
    fn spaced(&self, at: usize, is_money: bool) -> Option<Follows> {
        let (name, end) = self.next_word(at)?;
        if let Some(factor) = scale(&name).filter(|_| name != "k") {
            return Some(self.scaled(factor, end));
        }
        let two_words = |second: &[&str]| {
            self.next_word(end)
                .filter(|(word, _)| second.contains(&word.as_str()))
                .map(|(_, behind)| behind)
        };
        let (unit, end) = match name.as_str() {
            "per" => (Unit::PERCENT, two_words(&["cent"])?),
            "percentage" => (Unit::PERCENT, two_words(&["point"])?),
            "basi" | "basis" => (Unit::of("bp")?, two_words(&["point"])?),
            "degree" => (Unit::of("c")?, two_words(&["celsius", "c"])?),
            // Single letters behind a space are words, but for the metre and the gram.
            "s" | "h" | "t" | "l" | "c" => return None,
            _ => (Unit::of(&name)?, end),
        };
        (!is_money || matches!(unit.dimension, Dimension::Money(_))).then(|| Follows {
            readings: vec![(1.0, Some(unit))],
            end,
            is_decade: false,
        })
    }

    /// The next word in lower case without its plural ending, behind at most one space or hyphen, and where it ends.
    fn next_word(&self, at: usize) -> Option<(String, usize)> {
        let start = at + usize::from(matches!(self.char(at), Some(' ' | '-' | '\u{a0}' | '\u{202f}')));
        let end = self.run(start.min(self.chars.len()), is_unit_char);
        let word = words(self.slice(start, end)).pop().map(|word| word.key);
        let sign = (end > start).then(|| self.slice(start, end).to_lowercase());
        Some((word.or(sign)?, end))
    }

    /// A number in words, with the unit behind it; its scale is part of the words.
    fn with_what_follows(&self, mut spoken: NumberMention, behind: usize) -> NumberMention {
        if let Some(follows) = self.spaced(self.place(behind), false) {
            for (reading, (factor, unit)) in spoken.readings.iter_mut().zip(&follows.readings) {
                reading.value *= factor;
                reading.place *= factor;
                reading.round_place *= factor;
                reading.unit = reading.unit.or(*unit);
            }
            spoken.span.end = self.byte(follows.end);
            spoken.is_soft = false;
        }
        spoken
    }
}

struct Follows {
    /// Factor and unit of each reading.
    readings: Vec<(f64, Option<Unit>)>,
    end: usize,
    /// Of "1990s".
    is_decade: bool,
}

fn is_unit_char(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '%' | '‰' | '°' | '$' | '£' | '€')
}

fn vulgar_fraction(c: char) -> Option<f64> {
    Some(match c {
        '½' => 1.0 / 2.0,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '¼' => 1.0 / 4.0,
        '¾' => 3.0 / 4.0,
        '⅕' => 1.0 / 5.0,
        '⅛' => 1.0 / 8.0,
        _ => return None,
    })
}

/// A fraction says a share to the percent.
pub(super) fn fraction_reading(value: f64) -> Reading {
    Reading {
        value,
        place: 0.01,
        round_place: 0.01,
        scale: 1.0,
        unit: Some(Unit::FRACTION),
    }
}

/// A mention of which nothing else is known.
pub(super) fn mention(span: TextSpan, readings: Vec<Reading>) -> NumberMention {
    NumberMention {
        span,
        readings,
        bound: Bound::Exact,
        is_signed: false,
        range: None,
        decimals: None,
        is_soft: false,
    }
}

/// "20-25" and "20 to 25": each end knows the other, and both have the unit and the scale that one of them names.
fn join_ranges(text: &str, found: &mut [NumberMention]) {
    for at in 1..found.len() {
        let (left, right) = found.split_at_mut(at);
        let (low, high) = (&mut left[at - 1], &mut right[0]);
        let between = text.get(low.span.end..high.span.start).unwrap_or("?").trim();
        if !matches!(between, "-" | "\u{2013}" | "\u{2014}" | "to" | "and" | "or") {
            continue;
        }
        let (Some(mut first), Some(second)) = (low.readings.first().copied(), high.readings.first().copied())
        else {
            continue;
        };
        if first.scale == 1.0 && second.scale > 1.0 && first.value < second.value / second.scale {
            // "3 to 4 million" is three million rather than three.
            first = Reading {
                value: first.value * second.scale,
                place: first.place * second.scale,
                round_place: first.round_place * second.scale,
                scale: second.scale,
                ..first
            };
            low.readings.insert(0, first);
        }
        for (bare, named) in [(&mut *low, second.unit), (&mut *high, first.unit)] {
            for reading in bare.readings.iter_mut().filter(|reading| reading.unit.is_none()) {
                reading.unit = named;
            }
        }
        // "and" makes a range only of "between 20 and 25", and a range goes up.
        let opens = text[..low.span.start]
            .trim_end()
            .to_lowercase()
            .ends_with("between");
        if first.value < second.value && (!matches!(between, "and" | "or") || opens) {
            low.range = Some(second.value);
            high.range = Some(first.value);
        }
    }
}
