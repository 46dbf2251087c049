//! Writes a log of any length, for measuring: calls whose texts are sentences of made-up words, a tenth of them repeated
//! and a fifth nearly so, with labels of which 3% are wrong.
//!
//! `cargo run --release --example generate_calls -- --calls 1000000 --out calls`
//!
//! Each call follows from its number alone, so that nothing is kept in memory. The folder gets `calls.jsonl` and
//! `task.toml`, and `task.toml` is the same for every length. With `--chat` it gets `chat.jsonl` in place of the calls: the
//! same as requests and responses of OpenAI's chat completions, the confidence as the probability of the answer's token, and
//! one call in ten with three answers.

#![allow(clippy::print_stdout, reason = "a command-line program speaks to its user")]

use std::{error::Error, fmt::Write as _, io::Write as _, path::PathBuf};

use clap::Parser;
use stage_files::{WholeFile, write_whole};

#[derive(Parser)]
struct Arguments {
    /// How many.
    #[arg(long)]
    calls: u64,
    /// The folder.
    #[arg(long)]
    out: PathBuf,
    /// A log of OpenAI's chat completions in place of plain calls.
    #[arg(long)]
    chat: bool,
}

const LABELS: u64 = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { calls, out, chat } = Arguments::parse();
    let mut task = String::from("name = \"made-up\"\n\n[output]\nkind = \"labels\"\nlabels = [\n");
    for label in 0..LABELS {
        writeln!(task, "    {{ name = \"label-{label}\" }},")?;
    }
    task.push_str("]\n");
    write_whole(&out.join("task.toml"), task)?;
    let words = words();
    let name = if chat { "chat.jsonl" } else { "calls.jsonl" };
    let mut file = WholeFile::create(&out.join(name))?;
    for number in 0..calls {
        let (text, label) = call(number, &words);
        let mut random = SplitMix(number ^ 0x5eed);
        let label = if random.below(100) < 3 {
            random.below(LABELS)
        } else {
            label
        };
        // Nothing is known of how sure the teacher was of one call in ten.
        let confidence = (random.below(10) > 0).then(|| (300 + random.below(701)) as f64 / 1000.0);
        if chat {
            chat_line(&mut file, (number, &text), label, confidence, &mut random)?;
            continue;
        }
        write!(file, r#"{{"input":"{text}","answer":"label-{label}""#)?;
        if let Some(confidence) = confidence {
            write!(file, r#","confidence":{confidence}"#)?;
        }
        if random.below(1000) == 0 {
            write!(file, r#","reviewed":true"#)?;
        }
        writeln!(file, "}}")?;
    }
    file.finish()?;
    println!("{}", out.display());
    Ok(())
}

/// A request and its response; of several answers each is another in one case of eight.
fn chat_line(
    file: &mut WholeFile,
    (number, text): (u64, &str),
    label: u64,
    confidence: Option<f64>,
    random: &mut SplitMix,
) -> std::io::Result<()> {
    write!(
        file,
        r#"{{"request":{{"model":"teacher","messages":[{{"role":"system","content":"Answer with one of the labels."}},{{"role":"user","content":"{text}"}}]}},"response":{{"id":"chatcmpl-{number}","object":"chat.completion","created":{},"model":"teacher-1","choices":["#,
        1_750_000_000 + number / 4
    )?;
    let asked = if random.below(10) == 0 { 3 } else { 1 };
    for choice in 0..asked {
        let label = match choice > 0 && random.below(8) == 0 {
            true => random.below(LABELS),
            false => label,
        };
        let comma = if choice > 0 { "," } else { "" };
        write!(
            file,
            r#"{comma}{{"index":{choice},"message":{{"role":"assistant","content":"label-{label}"}},"finish_reason":"stop""#
        )?;
        if let Some(confidence) = confidence {
            let logprob = confidence.ln();
            write!(
                file,
                r#","logprobs":{{"content":[{{"token":"label-{label}","logprob":{logprob}}}]}}"#
            )?;
        }
        write!(file, "}}")?;
    }
    writeln!(
        file,
        r#"],"usage":{{"prompt_tokens":40,"completion_tokens":3}}}}}}"#
    )
}

/// The text of a call and its right label.
fn call(number: u64, words: &[String]) -> (String, u64) {
    let mut random = SplitMix(number);
    match random.below(10) {
        // A call that was made before; the first of all is always new.
        0 if number > 0 => call(random.below(number), words),
        1 | 2 if number > 0 => {
            let (earlier, label) = call(random.below(number), words);
            let edits = 1 + random.below(6);
            (edited(&earlier, edits, &mut random), label)
        }
        _ => (sentence(words, &mut random), random.below(LABELS)),
    }
}

fn words() -> Vec<String> {
    const HEADS: [&str; 20] = [
        "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch", "pl",
        "sh",
    ];
    const TAILS: [&str; 14] = [
        "a", "e", "i", "o", "u", "an", "en", "er", "ing", "ou", "al", "ess", "ay", "ic",
    ];
    let mut random = SplitMix(20_261_126);
    let mut syllable = || {
        format!(
            "{}{}",
            HEADS[random.below(20) as usize],
            TAILS[random.below(14) as usize]
        )
    };
    (0..20_000)
        .map(|word| (0..1 + word % 3).map(|_| syllable()).collect())
        .collect()
}

fn sentence(words: &[String], random: &mut SplitMix) -> String {
    let mut text = String::new();
    while text.len() < 28 {
        if !text.is_empty() {
            text.push(' ');
        }
        // Rank by Zipf's law: uniform in the logarithm.
        let rank = ((words.len() as f64).ln() * random.unit()).exp() as usize;
        text.push_str(&words[rank.min(words.len() - 1)]);
    }
    text
}

/// A text with some characters replaced, put in or taken out.
fn edited(text: &str, edits: u64, random: &mut SplitMix) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..edits {
        let letter = char::from(b'a' + random.below(26) as u8);
        let at = random.below(chars.len() as u64) as usize;
        match random.below(3) {
            0 => chars[at] = letter,
            1 => chars.insert(at, letter),
            _ if chars.len() > 10 => drop(chars.remove(at)),
            _ => {}
        }
    }
    chars.into_iter().collect()
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same calls on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
