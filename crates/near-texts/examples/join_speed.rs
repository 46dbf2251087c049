//! Rows with planted near-duplicates, and the join timed on a file of rows. `benches/peers/duplicates.py` starts it
//! beside rensa and datasketch.
//!
//! `cargo run --release -p near-texts --example join_speed -- rows --kind sentences --count 1000000 --out rows.txt`
//! `cargo run --release -p near-texts --example join_speed -- join rows.txt --pairs pairs.bin`

#![allow(clippy::print_stdout, reason = "a command-line program speaks to its user")]

use std::{
    error::Error,
    io::{BufWriter, Write},
    path::PathBuf,
    time::Instant,
};

use clap::{Parser, Subcommand, ValueEnum};
use near_texts::{JaccardThreshold, near_pairs_of_normal, normalise};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes rows of about 60 characters, a fifth of them copies of earlier ones with 1 to 6 edits.
    Rows {
        #[arg(long)]
        kind: Kind,
        #[arg(long)]
        count: usize,
        #[arg(long)]
        out: PathBuf,
    },
    /// Finds all pairs of a file of rows and prints a line of JSON: seconds by step, pairs, peak memory.
    Join {
        rows: PathBuf,
        #[arg(long, default_value_t = 0.8)]
        threshold: f64,
        /// Writes the pairs: two little-endian u32 each.
        #[arg(long)]
        pairs: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Sentences of made-up words, whose frequencies follow Zipf's law.
    Sentences,
    /// Lines of bank cards: few merchants and cities, many store numbers.
    Merchants,
}

fn main() -> Result<(), Box<dyn Error>> {
    match Arguments::parse().command {
        Command::Rows { kind, count, out } => write_rows(kind, count, &out),
        Command::Join {
            rows,
            threshold,
            pairs,
        } => join(&rows, threshold, pairs),
    }
}

fn join(rows: &PathBuf, threshold: f64, out: Option<PathBuf>) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(rows)?;
    let rows: Vec<&str> = text.lines().collect();
    let begin = Instant::now();
    let normal: Vec<String> = rows.iter().map(|row| normalise(row)).collect();
    let normalised = begin.elapsed().as_secs_f64();
    let pairs = near_pairs_of_normal(&normal, JaccardThreshold::new(threshold)?);
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "rows": rows.len(), "pairs": pairs.len(), "seconds": seconds, "normalising": normalised,
            "peak_mib": peak_mib(),
        })
    );
    if let Some(out) = out {
        let mut file = BufWriter::new(std::fs::File::create(out)?);
        for pair in &pairs {
            file.write_all(&(pair.left as u32).to_le_bytes())?;
            file.write_all(&(pair.right as u32).to_le_bytes())?;
        }
        file.flush()?;
    }
    Ok(())
}

/// The most memory that the process has had, as Linux counts it; 0 elsewhere.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn write_rows(kind: Kind, count: usize, out: &PathBuf) -> Result<(), Box<dyn Error>> {
    let mut random = SplitMix(20_261_126);
    let words: Vec<String> = (0..20_000).map(|_| word(&mut random)).collect();
    let mut file = BufWriter::new(std::fs::File::create(out)?);
    let mut rows: Vec<String> = Vec::with_capacity(count);
    for row in 0..count {
        let text = if row > 0 && random.below(5) == 0 {
            let earlier = rows[random.below(row)].clone();
            let edits = 1 + random.below(6);
            edited(&earlier, edits, &mut random)
        } else {
            match kind {
                Kind::Sentences => sentence(&words, &mut random),
                Kind::Merchants => merchant(&words, &mut random),
            }
        };
        writeln!(file, "{text}")?;
        rows.push(text);
    }
    file.flush()?;
    Ok(())
}

fn word(random: &mut SplitMix) -> String {
    const HEADS: [&str; 20] = [
        "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch", "pl",
        "sh",
    ];
    const TAILS: [&str; 14] = [
        "a", "e", "i", "o", "u", "an", "en", "er", "ing", "ou", "al", "ess", "ay", "ic",
    ];
    (0..1 + random.below(3))
        .map(|_| format!("{}{}", HEADS[random.below(20)], TAILS[random.below(14)]))
        .collect()
}

fn sentence(words: &[String], random: &mut SplitMix) -> String {
    let mut text = String::new();
    while text.len() < 56 {
        if !text.is_empty() {
            text.push(' ');
        }
        // Rank by Zipf's law: uniform in the logarithm.
        let rank = ((words.len() as f64).ln() * random.unit()).exp() as usize;
        text.push_str(&words[rank.min(words.len() - 1)]);
    }
    text
}

fn merchant(words: &[String], random: &mut SplitMix) -> String {
    let name = random.below(3_000);
    let city = random.below(400);
    format!(
        "{} {} {} store {:05} {} {} card {:04}",
        words[name],
        words[name + 3_000],
        words[name / 4 + 7_000],
        random.below(100_000),
        words[10_000 + city],
        words[11_000 + city / 10],
        random.below(10_000),
    )
}

/// A text with some characters replaced, put in or taken out.
fn edited(text: &str, edits: usize, random: &mut SplitMix) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..edits {
        let letter = char::from(b'a' + random.below(26) as u8);
        let at = random.below(chars.len());
        match random.below(3) {
            0 => chars[at] = letter,
            1 => chars.insert(at, letter),
            _ if chars.len() > 10 => drop(chars.remove(at)),
            _ => {}
        }
    }
    chars.into_iter().collect()
}

/// `SplitMix64` (Steele, Lea, Flood 2014): the same rows on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
