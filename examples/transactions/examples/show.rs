//! Prints forty lines of a world with their category and the teacher's answer, then samples of what else is
//! generated.
//!
//! `cargo run -p transactions --example show [SEED]`
#![expect(clippy::print_stdout, reason = "examples print")]

use std::error::Error;

use task_spec::Role;
use transactions::{Document, MonthConfig, PretrainingText, Teacher, World};

fn main() -> Result<(), Box<dyn Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(7), |seed| seed.parse())?;
    let (world, teacher) = (World::new(seed), Teacher::of_transactions(seed));

    println!("Forty lines, what they are, and what the teacher says\n");
    for index in 0..40 {
        let line = world.line("show", index);
        let answer = teacher.answer(line.case(), 0);
        let said = answer.content.or(answer.refusal).unwrap_or_default();
        println!("{:<72} {:<18} {said}", line.text, line.category.name());
    }

    println!("\nWhat is new in the month\n");
    let news = world.month(MonthConfig::default()).rows();
    for row in news
        .iter()
        .filter(|row| row.new_merchant || row.new_format)
        .take(12)
    {
        println!(
            "day {:>2}  {:<72} {}",
            row.day,
            row.transaction.text,
            row.transaction.category.name()
        );
    }

    println!("\nText for pretraining\n");
    for document in PretrainingText::new(seed).take(24) {
        match document {
            Document::Text(text) => println!("{text}\n"),
            Document::Chat(turns) => {
                for turn in turns {
                    let speaker = match turn.role {
                        Role::System => "system",
                        Role::User => "user",
                        _ => "assistant",
                    };
                    println!("{speaker}: {}", turn.content);
                }
                println!();
            }
        }
    }
    Ok(())
}
