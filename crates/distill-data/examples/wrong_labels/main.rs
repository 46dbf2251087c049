//! Finds the labels of a labelled file that are probably wrong.
//!
//! `cargo run --release -p distill-data --example wrong_labels -- --rows rows.jsonl --out suspects.jsonl`
//!
//! With the out-of-fold probabilities of another model, as numpy's `np.save` writes them:
//! `... --rows rows.jsonl --probabilities model.npy --out suspects.jsonl`. Their columns are the labels in alphabetical order.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

mod npy;

use std::{error::Error, path::PathBuf, process::ExitCode, time::Instant};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{
    IssueMethod, LabelIssues, Probabilities, SuspectConfig, SuspectPlan, find_label_issues,
    text_probabilities,
};
use serde::Serialize;
use serde_json::Value;
use stage_files::{read_json_lines, write_json_lines};

/// Finds the labels of a file that are probably wrong.
#[derive(Parser)]
struct Arguments {
    /// Labelled rows, as JSON lines.
    #[arg(long)]
    rows: PathBuf,
    /// The field of the text.
    #[arg(long, default_value = "input")]
    input_field: String,
    /// The field of the label.
    #[arg(long, default_value = "label")]
    label_field: String,
    /// Out-of-fold probabilities of a model of yours (.npy, rows times labels, labels in alphabetical order); without them
    /// our own fast model is fitted.
    #[arg(long)]
    probabilities: Option<PathBuf>,
    /// Which rows are suspected.
    #[arg(long, default_value = "posterior", value_parser = PossibleValuesParser::new(IssueMethod::ALL.map(IssueMethod::as_str)))]
    method: String,
    /// How suspect a row must be, in 0..=1, with the method posterior.
    #[arg(long, default_value_t = SuspectConfig::default().least_suspicion)]
    least_suspicion: f64,
    /// How many rows of the average class the threshold of each is pooled with; 0 is the paper.
    #[arg(long, default_value_t = SuspectConfig::default().pooled_rows)]
    pooled_rows: f64,
    /// Where the suspects go, the most suspect first.
    #[arg(long)]
    out: PathBuf,
    /// Where the suspicion of every row goes, in the order of the rows (.npy).
    #[arg(long)]
    write_suspicions: Option<PathBuf>,
    /// Where the probabilities of our own model go (.npy).
    #[arg(long)]
    write_probabilities: Option<PathBuf>,
}

/// A line of the output.
#[derive(Serialize)]
struct Suspect<'a> {
    row: usize,
    input: &'a str,
    given: &'a str,
    suggested: &'a str,
    given_probability: f64,
    suggested_probability: f64,
    chance_wrong: f64,
    suspicion: f64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprint!(": {error}");
                cause = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let lines: Vec<Value> = read_json_lines(&arguments.rows)?;
    let texts = field(&lines, &arguments.input_field)?;
    let labels = field(&lines, &arguments.label_field)?;
    let mut names = labels.clone();
    names.sort_unstable();
    names.dedup();
    let given: Vec<usize> = labels
        .iter()
        .map(|label| names.binary_search(label).expect("every label is a name"))
        .collect();
    let plan = plan(arguments)?;
    let start = Instant::now();
    let matrix = arguments.probabilities.as_deref().map(npy::read).transpose()?;
    let probabilities = match &matrix {
        Some((columns, values)) if *columns == names.len() => Probabilities::of_matrix(*columns, values)?,
        Some((columns, _)) => {
            return Err(format!("--probabilities has {columns} columns for {} labels", names.len()).into());
        }
        None => text_probabilities(&texts, &given, names.len(), &plan)?,
    };
    let judged = start.elapsed();
    let found = find_label_issues(&given, &probabilities, &plan)?;
    println!(
        "judged {:.2} s, suspected {:.2} s",
        judged.as_secs_f64(),
        (start.elapsed() - judged).as_secs_f64()
    );
    print_findings(&found, &names);
    let suspects: Vec<Suspect<'_>> = found
        .issues
        .iter()
        .map(|issue| Suspect {
            row: issue.row,
            input: texts[issue.row],
            given: names[issue.given],
            suggested: names[issue.suggested],
            given_probability: issue.given_probability,
            suggested_probability: issue.suggested_probability,
            chance_wrong: issue.chance_wrong,
            suspicion: issue.suspicion,
        })
        .collect();
    write_json_lines(&arguments.out, &suspects)?;
    if let Some(path) = &arguments.write_suspicions {
        let suspicions: Vec<f32> = found
            .suspicion
            .iter()
            .map(|&suspicion| suspicion as f32)
            .collect();
        npy::write(path, 1, &suspicions)?;
    }
    if let Some(path) = &arguments.write_probabilities {
        let mut values = vec![0.0_f32; probabilities.len() * names.len()];
        for (row, whole) in values.chunks_exact_mut(names.len()).enumerate() {
            probabilities.row(row).for_each(|(class, p)| whole[class] = p);
        }
        npy::write(path, names.len(), &values)?;
    }
    Ok(())
}

/// The text in one field of each line.
fn field<'a>(lines: &'a [Value], name: &str) -> Result<Vec<&'a str>, Box<dyn Error>> {
    let texts = lines.iter().zip(1..).map(|(line, number)| {
        let text = line.get(name).and_then(Value::as_str);
        text.ok_or_else(|| format!("row {number} has no text in its field {name:?}").into())
    });
    texts.collect()
}

fn plan(arguments: &Arguments) -> Result<SuspectPlan, Box<dyn Error>> {
    let named = |method: &IssueMethod| method.as_str() == arguments.method;
    let config = SuspectConfig {
        method: IssueMethod::ALL
            .into_iter()
            .find(named)
            .ok_or("--method names none")?,
        least_suspicion: arguments.least_suspicion,
        pooled_rows: arguments.pooled_rows,
        ..SuspectConfig::default()
    };
    Ok(config.check()?)
}

fn print_findings(found: &LabelIssues, names: &[&str]) {
    const SHOWN: usize = 8;
    let rows = found.chance_wrong.len();
    println!(
        "{} of {rows} rows suspected; the model finds {:.1}% of the labels by itself",
        found.issues.len(),
        100.0 * found.agreement
    );
    println!(
        "wrong labels: {:.1}% by the chances of the rows, {:.1}% by the confident joint",
        100.0 * found.wrong_share(),
        100.0 * found.joint.wrong_share()
    );
    println!("most confused:");
    for pair in found.joint.confused_pairs().iter().take(SHOWN) {
        println!(
            "{:>8.1} rows given {} are {}",
            pair.rows, names[pair.given], names[pair.right]
        );
    }
}
