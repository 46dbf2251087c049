//! Which part of a rendered chat a template wrote, and which part is what was said.
//!
//! The chat is rendered as it is; that text is the one that counts. Then it is rendered again with every character of
//! what was said replaced by its shadow, a private character that stands for it. Where the second text has the shadow of
//! what the first has, something was said; everywhere else the two must be the same, or the template does not merely
//! print what was said but reads it, and nothing can be told.
//!
//! A shadow takes the place of one character, so slices, lengths, splits at line ends and trimming come out the same.
//! Marks put around a text would change all of these, and white space next to a mark is not trimmed. What does come
//! out differently is a template that looks into a text for words of its own, and only where they are.

use std::ops::Range;

use task_spec::Message;

use crate::TokenizerError;

/// The character that stands for one that was said, in one of the two private planes and never itself.
///
/// No two characters of the basic plane share a shadow, so that a template which writes other words of the same length
/// is not mistaken for one that prints.
fn shadow(c: char) -> char {
    let low = u32::from(c) & 0xffff;
    let plane = match u32::from(c) {
        0x1_0000..0x10_0000 => 0x10_0000,
        _ => 0xf_0000,
    };
    char::from_u32(plane | low).expect("the private planes hold no surrogates")
}

/// Which characters of a text are replaced; the later ones say less and suit more templates.
#[derive(Clone, Copy)]
enum Shadow {
    /// All.
    Whole,
    /// All but the white space around it, which templates trim.
    Trimmed,
    /// All but white space, at which templates split.
    Inked,
}

const SHADOWS: [Shadow; 3] = [Shadow::Whole, Shadow::Trimmed, Shadow::Inked];

impl Shadow {
    fn of(self, text: &str) -> String {
        let start = text.len() - text.trim_start().len();
        let end = text.trim_end().len();
        let kept = |at: usize, c: char| match self {
            Self::Whole => false,
            Self::Trimmed => !(start..end).contains(&at),
            Self::Inked => c.is_whitespace(),
        };
        text.char_indices()
            .map(|(at, c)| if kept(at, c) { c } else { shadow(c) })
            .collect()
    }
}

/// The bytes of `text`, the rendered chat, that the template wrote.
///
/// # Errors
///
/// [`TokenizerError::Altered`] if the template does something else with a message than print it.
pub(super) fn written(
    messages: &[Message],
    text: &str,
    render: impl Fn(&[Message]) -> Result<String, TokenizerError>,
) -> Result<Vec<Range<usize>>, TokenizerError> {
    let said_in = |said: &dyn Fn(usize) -> bool| {
        SHADOWS.into_iter().find_map(|shadow| {
            let shadows: Vec<Message> = messages
                .iter()
                .enumerate()
                .map(|(index, message)| Message {
                    role: message.role,
                    content: if said(index) {
                        shadow.of(&message.content)
                    } else {
                        message.content.clone()
                    },
                })
                .collect();
            // A template that refuses the shadow reads what is said.
            said_positions(text, &render(&shadows).ok()?)
        })
    };
    let said = match said_in(&|_| true) {
        Some(said) => said,
        // One by one: a template may compare messages, and the error should say which one it reads.
        None => {
            let mut all = vec![false; text.chars().count()];
            for index in 0..messages.len() {
                let said = said_in(&|other| other == index).ok_or(TokenizerError::Altered { index })?;
                all.iter_mut().zip(said).for_each(|(all, said)| *all |= said);
            }
            all
        }
    };
    Ok(ranges(text, &said))
}

/// For every character of `text` whether it was said; `None` if the two texts differ in more than that.
fn said_positions(text: &str, shadows: &str) -> Option<Vec<bool>> {
    let mut said = Vec::with_capacity(text.len());
    let mut shadows = shadows.chars();
    for c in text.chars() {
        let other = shadows.next()?;
        if other != c && other != shadow(c) {
            return None;
        }
        said.push(other != c);
    }
    shadows.next().is_none().then_some(said)
}

/// The stretches of a text in which nothing was said.
fn ranges(text: &str, said: &[bool]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for ((at, c), _) in text.char_indices().zip(said).filter(|(_, said)| !**said) {
        let end = at + c.len_utf8();
        match ranges.last_mut() {
            Some(last) if last.end == at => last.end = end,
            _ => ranges.push(at..end),
        }
    }
    ranges
}
