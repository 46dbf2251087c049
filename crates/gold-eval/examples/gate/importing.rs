//! `gate import`: gold rows from the files of other tools.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use gold_eval::{FileKind, ImportConfig, RowFormat};
use stage_files::{read_toml, write_json_lines, write_whole};
use task_spec::{Label, Task};

use crate::say;

/// The exit code of an import that set rows aside.
const SET_ASIDE: u8 = 1;
/// How many rows that were set aside are listed.
const LISTED: usize = 10;

#[derive(Args)]
#[command(after_help = "\
Examples:
  gate import --from test.csv --new-task task.toml
  gate import --from rows.csv --input 'Customer message' --label Topic --delimiter ';' --encoding windows-1252
  gate import --from rows.jsonl --input request.text --label review.final --id request.id --task task.toml
  gate import --from samples.jsonl            # OpenAI evals: {\"input\": [...], \"ideal\": ...} or {\"item\": {...}}
  gate import --from promptfooconfig.yaml     # promptfoo: vars and `equals`; CSV with __expected

Rows that cannot be used are listed in FILE.set-aside.jsonl beside the result, each with its line, row, field and reason.
To add rows to a gold set, import them to another file, append that to gold.jsonl, and freeze the next version.

Exit codes: 0 all rows were used, 1 some were set aside, 3 broken input or wrong usage.")]
pub(crate) struct ImportFiles {
    /// The file: a table (.csv, .tsv), JSON lines (.jsonl, .ndjson), or a document (.json, .yaml), packed or not.
    #[arg(long)]
    from: PathBuf,
    /// Where the gold rows go.
    #[arg(long, default_value = "gold.jsonl")]
    out: PathBuf,
    /// The task: answers have to be its labels, or aliases of them.
    #[arg(long, conflicts_with = "new_task")]
    task: Option<PathBuf>,
    /// Write a task whose labels are the answers that were found.
    #[arg(long, value_name = "FILE")]
    new_task: Option<PathBuf>,
    /// The field or column of the question; dots lead into nested ones. Told from usual names unless given.
    #[arg(long)]
    input: Option<String>,
    /// The field or column of the right answer. Told from usual names unless given.
    #[arg(long)]
    label: Option<String>,
    /// The field or column of the id; derived from the question where there is none.
    #[arg(long)]
    id: Option<String>,
    /// What stands between two cells of a table.
    #[arg(long)]
    delimiter: Option<char>,
    /// How the text is encoded, such as windows-1252 or utf-16le; UTF-8 unless a byte order mark says otherwise.
    #[arg(long)]
    encoding: Option<String>,
    /// How the file is cut into rows, where the ending of its name does not say.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// What the fields mean, where the first row does not say.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// End with 0 though rows were set aside.
    #[arg(long)]
    accept_set_aside: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Table,
    Lines,
    Document,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Fields,
    OpenaiEvals,
    Promptfoo,
}

pub(crate) fn run(files: &ImportFiles) -> Result<u8, Box<dyn Error>> {
    if let Some(path) = files.new_task.as_ref().filter(|path| path.exists()) {
        return Err(format!(
            "{} is there: give it as --task, or choose another place",
            path.display()
        )
        .into());
    }
    let task: Option<Task> = files.task.as_deref().map(read_toml).transpose()?;
    let config = ImportConfig {
        kind: files.kind.map(|kind| match kind {
            Kind::Table => FileKind::Table,
            Kind::Lines => FileKind::Lines,
            Kind::Document => FileKind::Document,
        }),
        format: files.format.map(|format| match format {
            Format::Fields => RowFormat::Fields,
            Format::OpenaiEvals => RowFormat::OpenaiEvals,
            Format::Promptfoo => RowFormat::Promptfoo,
        }),
        input: files.input.clone(),
        label: files.label.clone(),
        id: files.id.clone(),
        delimiter: files.delimiter,
        encoding: files.encoding.clone(),
    };
    let imported = config
        .check()?
        .read(&files.from, task.as_ref().map(Task::labels))?;
    imported.write(&files.out)?;
    if let Some(path) = &files.new_task {
        write_task(path, imported.account.labels.keys())?;
    }
    say(&format!("{}written to {}", imported.account, files.out.display()))?;
    let path = files.out.with_extension("set-aside.jsonl");
    // One of an earlier run would tell of rows that are used now.
    if !imported.set_aside.is_empty() || path.exists() {
        write_json_lines(&path, &imported.set_aside)?;
    }
    if imported.set_aside.is_empty() {
        return Ok(0);
    }
    for row in imported.set_aside.iter().take(LISTED) {
        eprintln!("set aside: {row}");
    }
    let all = gold_eval::figures::counted(imported.set_aside.len() as u64, "row");
    eprintln!("{all} set aside, all of them in {}", path.display());
    Ok(if files.accept_set_aside { 0 } else { SET_ASIDE })
}

/// A task of the labels that were found.
fn write_task<'a>(path: &Path, labels: impl Iterator<Item = &'a String>) -> Result<(), Box<dyn Error>> {
    let task = Task::of_labels("gold", labels.map(Label::new).collect())?;
    write_whole(path, toml::to_string_pretty(&task)?)?;
    Ok(())
}
