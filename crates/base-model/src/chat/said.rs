//! Which part of a rendered chat a template wrote, and which part is what was said.
//!
//! The chat is rendered as it is; that text is the one that counts. Then it is rendered again with every character of
//! what was said replaced by one that stands for it, [`SHADOW`]. Where the second text has a shadow, the first has
//! something that was said; everywhere else the two must be the same, or the template does not merely print what
//! was said but reads it, and nothing can be told.
//!
//! A shadow takes the place of one character, so slices, lengths, splits at line ends and trimming come out the same.
//! Marks put around a text would change all of these, and white space next to a mark is not trimmed. What does come
//! out differently is a template that looks into a text for words of its own, and only where they are.

use std::ops::Range;

use task_spec::Message;

use crate::TokenizerError;

/// Stands for a character that was said. A noncharacter: no template writes it, and one that is said is still only
/// something said.
const SHADOW: char = '\u{FDD0}';

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
            .map(|(at, c)| if kept(at, c) { c } else { SHADOW })
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
fn said_positions(text: &str, shadow: &str) -> Option<Vec<bool>> {
    let mut said = Vec::with_capacity(text.len());
    let mut shadows = shadow.chars();
    for c in text.chars() {
        let shadow = shadows.next()?;
        if shadow != SHADOW && shadow != c {
            return None;
        }
        said.push(shadow == SHADOW);
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
