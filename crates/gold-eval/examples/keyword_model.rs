//! A model in a process of its own, as `gate predict --command` asks one: a line for each question on the standard
//! input, a line for each answer on the standard output.
//!
//! ```text
//! gate predict --task task.toml --gold gold.jsonl --command "keyword_model groceries fuel"
//! ```
//!
//! This one answers with the first of its labels that occurs in the question, or else with the first. Yours may be
//! written in anything; what it says to people goes to the standard error.

use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
};

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Question {
    id: String,
    input: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    answer: &'a str,
}

fn main() -> Result<(), Box<dyn Error>> {
    let labels: Vec<String> = env::args().skip(1).collect();
    let first = labels.first().ok_or("name the labels: keyword_model LABEL...")?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        let named = labels
            .iter()
            .find(|label| question.input.contains(label.as_str()));
        let answer = Answer {
            id: &question.id,
            answer: named.unwrap_or(first),
        };
        serde_json::to_writer(&mut out, &answer)?;
        // Who asks may wait for this answer before it asks on.
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
