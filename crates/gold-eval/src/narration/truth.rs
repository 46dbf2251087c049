//! Whether a sentence says what the row holds, and nothing else.

use std::{collections::HashSet, ops::Range};

use super::{
    checker::{Saying, SentenceChecker, Spoken},
    date::{SpokenDate, dates},
    fault::{Fault, FaultKind},
    number::{NumberMention, numbers_among},
    phrase::negations,
    quantity::{Agreement, Quantity, agreement, direction},
    row::{RowValue, SentenceRow},
    text::{TextSpan, Word, words},
};

/// The checks that nothing is said but what the row holds: values of choices, dates, numbers and names.
pub(super) const OTHERS: [&str; 4] = [OTHER_VALUE, OTHER_DATE, OTHER_NUMBER, OTHER_NAME];
const OTHER_VALUE: &str = "no other value";
const OTHER_DATE: &str = "no other date";
const OTHER_NUMBER: &str = "no other number";
const OTHER_NAME: &str = "no other name";
/// Words that are no name, even with a capital where no sentence seems to begin: a full stop may be missing.
const FUNCTION_WORDS: &[&str] = &[
    "a", "an", "the", "this", "that", "these", "those", "there", "here", "it", "its", "they", "their", "he",
    "his", "she", "her", "we", "our", "you", "your", "who", "in", "on", "at", "by", "for", "from", "of",
    "to", "with", "near", "and", "but", "or", "if", "as", "is", "are", "was", "has", "have", "not", "no",
    "yes", "all", "some", "both", "also", "when", "while",
];
/// How far "about" may be off unless the style says, in percent of the value.
const APPROXIMATE_PERCENT: u32 = 10;

/// The name of the check that a field is said.
pub(super) fn says(field: &str) -> String {
    format!("says {field}")
}

/// Everything that is untrue of a sentence about a row.
pub(super) fn faults(
    checker: &SentenceChecker,
    row: &SentenceRow,
    sentence: &str,
    words: &[Word],
) -> Vec<Fault> {
    let style = &checker.style;
    let mut reading = Reading {
        checker,
        row,
        sentence,
        words,
        matches: matches(checker, row, words),
        numbers: numbers_among(sentence, words, style.decimal_comma),
        dates: dates(sentence, style.day_first.unwrap_or(true)),
        explained: Vec::new(),
        faults: Vec::new(),
    };
    reading.explained = reading
        .matches
        .iter()
        .map(|found| span(words, &found.words))
        .collect();
    reading.fields();
    reading.other_values();
    reading.other_dates_and_numbers();
    if !style.skip_unknown_names {
        reading.unknown_names();
    }
    reading.faults
}

/// A phrase found in a sentence.
struct Match<'a> {
    words: Range<usize>,
    saying: &'a Saying,
    is_denied: bool,
    /// Whether it is the row's own value of its field.
    is_of_row: bool,
}

fn span(words: &[Word], range: &Range<usize>) -> TextSpan {
    TextSpan {
        start: words[range.start].span.start,
        end: words[range.end - 1].span.end,
    }
}

/// The phrases of a sentence: longer ones first, of equal ones those of the row's own values, none of which overlaps
/// another. Two values of the row may share their words.
fn matches<'a>(checker: &'a SentenceChecker, row: &SentenceRow, words: &[Word]) -> Vec<Match<'a>> {
    let own: Vec<Option<String>> = (checker.fields.iter())
        .map(|field| row.value(&field.name).map(ToString::to_string))
        .collect();
    let is_own = |saying: &Saying| {
        let value = |(field, value): (usize, usize)| {
            own[field].as_ref() == Some(&checker.fields[field].values[value])
        };
        saying.value.is_some_and(value)
    };
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        for &number in checker.by_first.get(&word.key).into_iter().flatten() {
            let saying = &checker.sayings[number];
            let Some(range) = saying.phrase.found_at(words, at) else {
                continue;
            };
            let is_of_row = is_own(saying);
            let is_name = words[at].is_capital && !checker.ordinary.contains(&words[at].lower);
            if saying.needs_capital && !is_of_row && !is_name {
                continue;
            }
            found.push(Match {
                words: range,
                saying,
                is_denied: false,
                is_of_row,
            });
        }
    }
    found.sort_by_key(|one| {
        let is_allowed = one.saying.value.is_none();
        (
            std::cmp::Reverse(one.words.len()),
            !one.is_of_row,
            !is_allowed,
            one.words.start,
            one.saying.value,
        )
    });
    let mut taken: Vec<Option<(Range<usize>, bool)>> = vec![None; words.len()];
    found.retain(|one| {
        let is_free = taken[one.words.clone()].iter().all(Option::is_none);
        let shares = one.is_of_row && taken[one.words.start] == Some((one.words.clone(), true));
        if is_free {
            taken[one.words.clone()].fill(Some((one.words.clone(), one.is_of_row)));
        }
        is_free || shares
    });
    found.sort_by_key(|one| (one.words.start, one.saying.value));
    for one in &mut found {
        let is_choice = one
            .saying
            .value
            .is_some_and(|(field, _)| checker.fields[field].is_choice());
        one.is_denied = is_choice && is_denied(words, one, &taken);
    }
    found
}

/// Whether a phrase is denied. A negation that belongs to another phrase does not count, nor does one that another phrase
/// follows before this one does ("a non family friendly pub" is a pub), but for "or" and "nor" between the two.
fn is_denied(words: &[Word], one: &Match<'_>, taken: &[Option<(Range<usize>, bool)>]) -> bool {
    let start = one.words.start;
    let is_joined = start > 0 && matches!(words[start - 1].lower.as_str(), "or" | "nor");
    negations(words, &one.words, &one.saying.phrase)
        .into_iter()
        .any(|at| {
            let is_within = at >= start;
            let is_free = taken[at].is_none() && taken[at..start.max(at)].iter().all(Option::is_none);
            is_within || (taken[at].is_none() && is_joined) || is_free
        })
}

/// A sentence while it is checked against its row.
struct Reading<'a> {
    checker: &'a SentenceChecker,
    row: &'a SentenceRow,
    sentence: &'a str,
    words: &'a [Word],
    matches: Vec<Match<'a>>,
    numbers: Vec<NumberMention>,
    dates: Vec<SpokenDate>,
    /// What the row accounts for.
    explained: Vec<TextSpan>,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, check: &str, field: Option<&str>, span: Option<TextSpan>, kind: FaultKind) {
        self.faults.push(Fault {
            check: check.to_owned(),
            field: field.map(str::to_owned),
            span,
            kind,
        });
    }

    fn is_explained(&self, span: TextSpan) -> bool {
        self.explained.iter().any(|known| known.overlaps(span))
    }

    /// Whether each field of the row is said as it is.
    fn fields(&mut self) {
        let checker = self.checker;
        for (number, field) in checker.fields.iter().enumerate() {
            let Some(value) = self.row.value(&field.name) else {
                continue;
            };
            let fault = match checker.spoken(field, value) {
                Spoken::Skip => None,
                Spoken::Phrase => self.phrase_fault(number, value),
                Spoken::Number(quantity) => self.number_fault(&quantity, value),
                Spoken::Date(date) => self.date_fault(&date, value),
            };
            let is_omission = |kind: &FaultKind| matches!(kind, FaultKind::Omitted { .. });
            if let Some((span, kind)) = fault.filter(|(_, kind)| field.style.required || !is_omission(kind)) {
                self.fault(&says(&field.name), Some(&field.name), span, kind);
            }
        }
    }

    fn phrase_fault(&self, number: usize, value: &RowValue) -> Option<(Option<TextSpan>, FaultKind)> {
        let field = &self.checker.fields[number];
        let own = value.to_string();
        let mut is_said = false;
        let mut contradicted = None;
        for found in &self.matches {
            let Some((_, place)) = found.saying.value.filter(|(field, _)| *field == number) else {
                continue;
            };
            let said = &field.values[place];
            let says = match (found.is_denied, field.values.as_slice()) {
                (false, _) => said.clone(),
                // What is not one of two values is the other.
                (true, [one, other]) => if said == one { other } else { one }.clone(),
                (true, _) if *said == own => format!("not {said}"),
                (true, _) => continue,
            };
            if says == own {
                is_said = true;
            } else if field.is_choice() || found.is_denied {
                contradicted.get_or_insert((span(self.words, &found.words), says));
            }
        }
        match contradicted {
            Some((span, says)) => Some((Some(span), FaultKind::Contradicted { value: own, says })),
            None => (!is_said).then_some((None, FaultKind::Omitted { value: own })),
        }
    }

    /// A number may say several fields, as "both took 5" does.
    fn number_fault(
        &mut self,
        quantity: &Quantity,
        value: &RowValue,
    ) -> Option<(Option<TextSpan>, FaultKind)> {
        let percent = self
            .checker
            .style
            .approximate_percent
            .unwrap_or(APPROXIMATE_PERCENT);
        let near = self.numbers.iter().map(|mention| {
            let direction = direction(self.words, mention);
            (
                agreement(mention, quantity, direction, f64::from(percent) / 100.0),
                mention.span,
            )
        });
        let mut best: Option<(Agreement, TextSpan)> = None;
        let mut said = Vec::new();
        for (agreement, span) in near {
            if agreement == Agreement::Said {
                said.push(span);
            }
            if best.is_none_or(|(known, _)| agreement > known) {
                best = Some((agreement, span));
            }
        }
        self.explained.extend(said);
        let value = value.to_string();
        let (agreement, span) = best.unwrap_or((Agreement::Other, TextSpan { start: 0, end: 0 }));
        let kind = match agreement {
            Agreement::Said => return None,
            Agreement::Other => return Some((None, FaultKind::Omitted { value })),
            Agreement::WrongSign => FaultKind::WrongSign { value },
            Agreement::WrongSide => FaultKind::WrongSide { value },
            Agreement::WrongUnit => FaultKind::WrongUnit { value },
        };
        // It is this field's fault, and no second one.
        self.explained.push(span);
        Some((Some(span), kind))
    }

    fn date_fault(&mut self, date: &SpokenDate, value: &RowValue) -> Option<(Option<TextSpan>, FaultKind)> {
        let said: Vec<TextSpan> = self
            .dates
            .iter()
            .filter(|spoken| spoken.says(date))
            .map(|spoken| spoken.span)
            .collect();
        let is_said = !said.is_empty();
        self.explained.extend(said);
        // The year by itself says no date, but it is the row's.
        let year = self.numbers.iter().filter(|number| {
            let is_alone = !self.dates.iter().any(|date| date.span.overlaps(number.span));
            is_alone
                && date
                    .year
                    .is_some_and(|year| number.value() == Some(f64::from(year)))
        });
        self.explained
            .extend(year.map(|number| number.span).collect::<Vec<_>>());
        (!is_said).then(|| {
            (
                None,
                FaultKind::Omitted {
                    value: value.to_string(),
                },
            )
        })
    }

    /// Phrases of values that are not the row's.
    fn other_values(&mut self) {
        let fields = &self.checker.fields;
        let mut found = Vec::new();
        for one in self.matches.iter().filter(|one| !one.is_of_row) {
            let Some((number, place)) = one.saying.value else {
                continue;
            };
            let field = &fields[number];
            let says = field.values[place].clone();
            let span = Some(span(self.words, &one.words));
            let kind = if !field.is_choice() {
                (
                    OTHER_NAME,
                    FaultKind::NameNotInRow {
                        known_as: Some(field.name.clone()),
                    },
                )
            } else if self.row.value(&field.name).is_some() {
                // Contradicted, and counted where the field is.
                continue;
            } else if one.is_denied && field.values.len() != 2 {
                continue;
            } else {
                (OTHER_VALUE, FaultKind::Invented { says })
            };
            found.push((kind.0, field.name.as_str(), span, kind.1));
        }
        for (check, field, span, kind) in found {
            self.fault(check, Some(field), span, kind);
        }
    }

    fn other_dates_and_numbers(&mut self) {
        let known = row_words(self.row);
        let dates: Vec<TextSpan> = self.dates.iter().map(|date| date.span).collect();
        for span in dates {
            if !self.is_explained(span) {
                self.fault(OTHER_DATE, None, Some(span), FaultKind::DateNotInRow);
            }
            // Either way its digits are no numbers.
            self.explained.push(span);
        }
        let unknown: Vec<TextSpan> = (self.numbers.iter())
            .filter(|number| !number.is_soft && !self.is_explained(number.span))
            .filter(|number| {
                !words(number.span.of(self.sentence))
                    .iter()
                    .all(|word| known.contains(&word.key))
            })
            .map(|number| number.span)
            .collect();
        for span in unknown {
            self.fault(OTHER_NUMBER, None, Some(span), FaultKind::NumberNotInRow);
            self.explained.push(span);
        }
    }

    /// Runs of capitalised words that are in no value of the row. A single word that begins a sentence is not looked at,
    /// since its capital says nothing, nor is a sentence without small letters.
    fn unknown_names(&mut self) {
        if !self.sentence.contains(char::is_lowercase) {
            return;
        }
        let known = row_words(self.row);
        let is_strange = |word: &Word| {
            word.is_capital
                && word.lower.chars().count() > 1
                && !FUNCTION_WORDS.contains(&word.lower.as_str())
                && !known.contains(&word.key)
                && !self.checker.ordinary.contains(&word.lower)
                && !self.is_explained(word.span)
        };
        let mut found: Vec<TextSpan> = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let run = self.words[at..].iter().enumerate();
            let run = run
                .take_while(|(place, word)| word.is_capital && (*place == 0 || word.is_joined))
                .count();
            let strange =
                (at..at + run).filter(|&place| is_strange(&self.words[place]) && !self.words[place].is_first);
            let places: Vec<usize> = strange.collect();
            if let (Some(&first), Some(&last)) = (places.first(), places.last()) {
                found.push(span(self.words, &(first..last + 1)));
            }
            at += run.max(1);
        }
        for span in found {
            self.fault(
                OTHER_NAME,
                None,
                Some(span),
                FaultKind::NameNotInRow { known_as: None },
            );
        }
    }
}

/// The words of the row's texts and of its fields' names.
fn row_words(row: &SentenceRow) -> HashSet<String> {
    let mut known = HashSet::new();
    for (name, value) in &row.row {
        known.extend(words(&apart(name)).into_iter().map(|word| word.key));
        if let RowValue::Text(text) = value {
            known.extend(words(text).into_iter().map(|word| word.key));
        }
    }
    known
}

/// `eatType` as two words.
fn apart(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            out.push(' ');
        }
        out.push(if c == '_' { ' ' } else { c });
    }
    out
}
