//! Small questions with answers, in chat form: everything but the task.

use task_spec::Message;

use super::sentence::bare;
use crate::{
    Transaction,
    dice::Dice,
    lexicon::{Tongue, trade},
    spelling::{ABBREVIATIONS, handle, title_case},
};

/// A question about a line, with its answer; `other` is a second line to compare it with.
pub(super) fn write(line: &Transaction, other: &Transaction, dice: &mut Dice) -> Vec<Message> {
    let (question, input, answer) = ask(line, other, dice);
    // As instruction in the system's turn with the bare input, or both in the user's turn.
    let (system, user) = if dice.chance(0.5) {
        (Some(question), input)
    } else {
        let system = dice
            .chance(0.3)
            .then(|| "You read card statements and answer short questions.".to_owned());
        (system, format!("{question}\n{input}"))
    };
    system
        .map(Message::system)
        .into_iter()
        .chain([Message::user(user), Message::assistant(answer)])
        .collect()
}

/// An instruction, what it is about, and the answer.
type Asked = (String, String, String);

fn ask(line: &Transaction, other: &Transaction, dice: &mut Dice) -> Asked {
    let kind = dice.below(15);
    if let Some(asked) = about_spelling(kind, line, dice) {
        return asked;
    }
    let trade_of = trade(line.category);
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let (question, input, answer) = match kind {
        0 if line.text.to_uppercase().contains(line.place.city) => (
            "Which city is in this line?",
            line.text.clone(),
            title_case(line.place.city),
        ),
        0 | 1 => (
            "Is this merchant named in English? Answer yes or no.",
            line.text.clone(),
            yes_no(!line.traits.foreign),
        ),
        4 => (
            "What kind of place is this?",
            line.text.clone(),
            trade_of.place.to_owned(),
        ),
        5 => (
            "What do people do there?",
            line.text.clone(),
            format!("They {}.", trade_of.deed),
        ),
        7 if !trade_of.abroad.is_empty() => {
            let &(tongue, pattern) = dice.pick(trade_of.abroad);
            let answer = format!("It is {} for {}.", Tongue::name(tongue), trade_of.place);
            ("What does this mean?", bare(pattern), answer)
        }
        7 | 8 if !line.traits.clipped => (
            "Who was paid? Give the full name.",
            line.text.clone(),
            title_case(&line.merchant),
        ),
        9 => (
            "Are these two the same kind of place? Answer yes or no.",
            format!("{}\n{}", line.text, other.text),
            yes_no(line.category == other.category),
        ),
        10 => return which_of_two(line, other, dice),
        13 => (
            "What kind of place is this?",
            handle(&line.merchant),
            trade_of.place.to_owned(),
        ),
        _ => (
            "Which word tells what this merchant does?",
            line.text.clone(),
            line.cue.clone(),
        ),
    };
    (question.to_owned(), input, answer)
}

/// Questions about letters and words, whatever they mean.
fn about_spelling(kind: usize, line: &Transaction, dice: &mut Dice) -> Option<Asked> {
    let name = &line.merchant;
    let (question, input, answer) = match kind {
        2 => ("Write this in lower case.", name.clone(), name.to_lowercase()),
        3 => (
            "Write this in capital letters.",
            name.to_lowercase(),
            name.clone(),
        ),
        6 => {
            let (long, short) = dice.pick(ABBREVIATIONS);
            (
                "What is this short for?",
                (*short).to_owned(),
                long.to_lowercase(),
            )
        }
        11 => (
            "Write this as one word in small letters.",
            name.clone(),
            handle(name),
        ),
        12 => ("Which words are in this?", handle(name), name.to_lowercase()),
        _ => return None,
    };
    Some((question.to_owned(), input, answer))
}

fn which_of_two(line: &Transaction, other: &Transaction, dice: &mut Dice) -> Asked {
    let question = format!("Which of these is {}?", trade(line.category).place);
    let options = if dice.chance(0.5) {
        [line, other]
    } else {
        [other, line]
    };
    let input = options.map(|line| line.text.as_str()).join("\n");
    let answer = if line.category == other.category {
        "both".to_owned()
    } else {
        line.text.clone()
    };
    (question, input, answer)
}
