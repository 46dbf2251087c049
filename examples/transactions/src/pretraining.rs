//! Text from which a tiny decoder learns to read before it meets the task.

mod chat;
mod sentence;

use task_spec::Message;

use crate::{Transaction, World, dice::Dice, head::Side};

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// Plain text.
    Text(String),
    /// A chat, ending in the assistant's turn; to be rendered by the chat template of the model.
    Chat(Vec<Message>),
}

/// Documents without end, each a function of the seed and its index.
///
/// They play the part that general pretraining plays for a large model, in a small world: lines of statements, plain
/// sentences about what kinds of merchants there are and what their words mean, also in other languages and run
/// together as on the web, and small questions with answers in chat form. What they teach about words is what the
/// categories are about, as any text about the world would; the task itself, its prompt with a category as the answer,
/// is not among them.
///
/// No merchant of a [`World`] is in them, whatever the seeds: all names are divided between the two, once and for
/// all, by the names themselves. What the bank charges on its own account is left out too, as it names nobody. So no
/// line of a log, a gold set or a month can be among the lines here.
#[derive(Debug)]
pub struct PretrainingText {
    world: World,
    next: u64,
}

impl PretrainingText {
    /// The documents of a seed, from the first.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            world: World::on_side(seed, Side::Pretraining),
            next: 0,
        }
    }

    /// The document at an index, from 0.
    #[must_use]
    pub fn document(&self, index: u64) -> Document {
        let mut dice = Dice::new(self.world.seed(), "pretraining", index);
        match dice.below(100) {
            0..=19 => {
                let lines: Vec<String> = (0..dice.between(1, 5))
                    .map(|_| self.line(&mut dice).text)
                    .collect();
                Document::Text(lines.join("\n"))
            }
            20..=54 => {
                let sentences: Vec<String> = (0..dice.between(1, 3))
                    .map(|_| sentence::write(&self.line(&mut dice), &mut dice))
                    .collect();
                Document::Text(sentences.join(" "))
            }
            _ => Document::Chat(chat::write(
                &self.line(&mut dice),
                &self.line(&mut dice),
                &mut dice,
            )),
        }
    }

    /// A line that names a merchant.
    ///
    /// Half of them are drawn with all categories alike, for words that are rare in traffic are to be learnt too.
    fn line(&self, dice: &mut Dice) -> Transaction {
        loop {
            let index = dice.below(1 << 48) as u64;
            let line = if dice.chance(0.5) {
                self.world.line("pretraining/line", index)
            } else {
                let category = *dice.pick(&crate::Category::ALL);
                self.world.line_of(category, "pretraining/line", index)
            };
            if line.merchant != line.full_cue || line.traits.known {
                return line;
            }
        }
    }
}

impl Iterator for PretrainingText {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        let document = self.document(self.next);
        self.next += 1;
        Some(document)
    }
}

#[cfg(test)]
mod tests;
