//! Added tokens, found only where they may be.

use std::ops::Range;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use regex::Regex;
use tokenizers::{AddedToken, NormalizedString, Normalizer, Token, Tokenizer as Inner, normalizer};

use crate::TokenizerError;

/// The added tokens of a tokenizer, to be found in text of which a part is not to be trusted.
///
/// What is found, and in which order, is what the tokenizers library finds (leftmost, then longest, the tokens
/// that are not normalised first), except that a token with a name is only found in what the template wrote.
#[derive(Debug, Clone)]
pub(super) struct AddedTokens {
    plain: Matcher,
    normalized: Matcher,
}

/// The tokens that are looked for in one pass over a text.
#[derive(Debug, Clone)]
struct Matcher {
    /// `None` if there is nothing to find.
    search: Option<AhoCorasick>,
    /// The patterns in the order of `search`: the longest first, and what each stands for.
    patterns: Vec<(String, u32, AddedToken)>,
    /// One character of a word, as `single_word` means it.
    word: Regex,
}

/// A token that was found, and the bytes that it takes.
struct Found {
    id: u32,
    range: Range<usize>,
}

/// Whether anybody may write a token: white space is only white space, whether or not a run of it has an id of
/// its own. U+2581 is how SentencePiece writes a space.
pub(super) fn is_blank(token: &AddedToken) -> bool {
    token
        .content
        .chars()
        .all(|c| c.is_whitespace() || c == '\u{2581}')
}

impl AddedTokens {
    pub(super) fn of(inner: &Inner) -> Result<Self, TokenizerError> {
        let (mut plain, mut normalized) = (Vec::new(), Vec::new());
        for (id, token) in inner.get_added_tokens_decoder() {
            if !token.normalized {
                plain.push((token.content.clone(), id, token));
                continue;
            }
            let mut content = NormalizedString::from(token.content.as_str());
            if let Some(normalizer) = inner.get_normalizer() {
                normalizer.normalize(&mut content).map_err(TokenizerError::Load)?;
            }
            normalized.push((content.get().to_owned(), id, token));
        }
        Ok(Self {
            plain: Matcher::new(plain)?,
            normalized: Matcher::new(normalized)?,
        })
    }

    /// Splits a text at the tokens that are found before it is normalised.
    pub(super) fn split_plain(
        &self,
        text: &NormalizedString,
        written: &[Range<usize>],
    ) -> Vec<(NormalizedString, Option<Vec<Token>>)> {
        self.plain.split(text, written)
    }

    /// Splits a text that is normalised at the rest.
    pub(super) fn split_normalized(
        &self,
        text: &NormalizedString,
        written: &[Range<usize>],
    ) -> Vec<(NormalizedString, Option<Vec<Token>>)> {
        self.normalized.split(text, written)
    }
}

impl Matcher {
    fn new(mut patterns: Vec<(String, u32, AddedToken)>) -> Result<Self, TokenizerError> {
        patterns.retain(|(content, ..)| !content.is_empty());
        patterns.sort_unstable_by(|(a, first, _), (b, second, _)| {
            b.len().cmp(&a.len()).then(a.cmp(b)).then(first.cmp(second))
        });
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(|(content, ..)| content))
            .map_err(|error| TokenizerError::Load(error.into()))?;
        Ok(Self {
            search: (!patterns.is_empty()).then_some(search),
            patterns,
            word: Regex::new(r"^\w").map_err(|error| TokenizerError::Load(error.into()))?,
        })
    }

    fn split(
        &self,
        text: &NormalizedString,
        written: &[Range<usize>],
    ) -> Vec<(NormalizedString, Option<Vec<Token>>)> {
        let slice = |range: Range<usize>| {
            text.slice(normalizer::Range::Normalized(range))
                .expect("a token begins and ends between characters")
        };
        let shift = text.offsets_original().0;
        // A name counts where all of it stands in one stretch that the template wrote.
        let may_stand = |range: Range<usize>| {
            text.convert_offsets(normalizer::Range::Normalized(range))
                .is_some_and(|original| {
                    let (start, end) = (original.start + shift, original.end + shift);
                    written
                        .iter()
                        .any(|range| range.start <= start && end <= range.end)
                })
        };
        let mut parts = Vec::new();
        let mut last = 0;
        for Found { id, range } in self.find(text.get(), may_stand) {
            if last < range.start {
                parts.push((slice(last..range.start), None));
            }
            let part = slice(range.clone());
            let token = Token::new(id, part.get().to_owned(), (0, range.len()));
            parts.push((part, Some(vec![token])));
            last = range.end;
        }
        if last < text.get().len() || parts.is_empty() {
            parts.push((slice(last..text.get().len()), None));
        }
        parts
    }

    /// The tokens in a text, in order and without overlap.
    fn find(&self, text: &str, may_stand: impl Fn(Range<usize>) -> bool) -> Vec<Found> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let mut found = Vec::new();
        // Where the search goes on, and where the last token ends with the white space that it takes.
        let (mut at, mut last) = (0, 0);
        while let Some(hit) = search.find(Input::new(text).range(at..)) {
            let start = hit.start();
            let allowed = |index: usize| {
                let (content, _, token) = &self.patterns[index];
                is_blank(token) || may_stand(start..start + content.len())
            };
            // The longest that may stand here: a longer one that reaches into a user's text hides nothing.
            let first = hit.pattern().as_usize();
            let Some(index) = (first..self.patterns.len())
                .find(|&index| text[start..].starts_with(&self.patterns[index].0) && allowed(index))
            else {
                at = start + text[start..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            let (content, id, token) = &self.patterns[index];
            let end = start + content.len();
            at = end;
            if token.single_word && self.is_part_of_a_word(text, start..end) {
                continue;
            }
            let mut range = start..end;
            if token.lstrip {
                range.start = text[..start].trim_end().len().max(last);
            }
            if token.rstrip {
                range.end = text.len() - text[end..].trim_start().len();
            }
            last = range.end;
            found.push(Found { id: *id, range });
        }
        found
    }

    fn is_part_of_a_word(&self, text: &str, range: Range<usize>) -> bool {
        let before = text[..range.start]
            .char_indices()
            .next_back()
            .is_some_and(|(at, _)| self.word.is_match(&text[at..range.start]));
        before || self.word.is_match(&text[range.end..])
    }
}
