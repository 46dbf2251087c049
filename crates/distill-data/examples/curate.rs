//! Curates logs into a folder and prints the ledger.
//!
//! `cargo run --release -p distill-data --example curate -- --task task.toml --log log.jsonl --gold gold.jsonl
//! --out curated`

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program speaks to its user"
)]

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, builder::PossibleValuesParser};
use distill_data::{
    AnswerFormat, AuditEstimate, AuditShare, ClassBasis, CsvTable, CurateConfig, CurateInput, FieldPath,
    GoldRows, LogFile, LogFormat, Manifest, PersonalDataMask, ReviewedRow, ReviewedRows, SplitBy, SplitPart,
    TeacherChange, Verdict, curate_with_progress,
};
use stage_files::read_toml;
use task_spec::Task;

/// Turns a teacher's log into rows to train on, rows to review, and an account of all the others.
#[derive(Parser)]
struct Arguments {
    /// The task (task.toml).
    #[arg(long)]
    task: PathBuf,
    /// A log; may be given several times.
    #[arg(long, required = true)]
    log: Vec<PathBuf>,
    /// How the logs are written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    format: String,
    /// The task's question, where a call asks several; without it all of which the task knows an answer.
    #[arg(long)]
    question: Option<String>,
    /// Field of the question in a JSONL log, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(long, default_value = "input")]
    input_field: String,
    /// Field or column of the answer.
    #[arg(long, default_value = "answer")]
    answer_field: String,
    /// If answers are JSON objects: the field of the label in them.
    #[arg(long)]
    label_field: Option<String>,
    /// The gold set (gold.jsonl) that training rows must not touch.
    #[arg(long)]
    gold: Option<PathBuf>,
    /// What a person has reviewed: review.csv as a spreadsheet saved it, Label Studio's export (.json), or JSON lines of
    /// input and label (.jsonl); may be given several times, the last answer to a text counts.
    #[arg(long)]
    reviewed: Vec<PathBuf>,
    /// Keeps a share of the rows from training, in a file of that name, as in heldout=0.1; may be given several times.
    #[arg(long, value_name = "NAME=SHARE")]
    split: Vec<SplitPart>,
    /// What stays together in a split: cluster (near-duplicates), group (log files) or time (lines in their order).
    #[arg(long, requires = "split", default_value = "cluster")]
    split_by: SplitBy,
    /// The most rows of a label to train on; the weakest of the others go into over_class_cap.jsonl.
    #[arg(long, value_name = "ROWS")]
    class_cap: Option<usize>,
    /// Masks card numbers, IBANs, e-mail addresses and phone numbers in everything that is written.
    #[arg(long)]
    mask_personal_data: bool,
    /// Settings (TOML); what is not in it has its default.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The folder to write.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(Verdict::Usable) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(2),
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

fn run(arguments: &Arguments) -> Result<Verdict, Box<dyn Error>> {
    let task: Task = read_toml(&arguments.task)?;
    let mut format = LogFormat::by_name(&arguments.format).ok_or("--format names no format")?;
    if let LogFormat::Jsonl(map) | LogFormat::Csv(CsvTable { fields: map, .. }) = &mut format {
        map.input = FieldPath::new(&arguments.input_field)?;
        map.answer = FieldPath::new(&arguments.answer_field)?;
    }
    if let Some(question) = &arguments.question {
        format = format.with_question(question);
    }
    let logs: Vec<LogFile> = arguments
        .log
        .iter()
        .map(|path| LogFile::new(path, format.clone()))
        .collect();
    let mut config: CurateConfig = match &arguments.config {
        Some(path) => read_toml(path)?,
        None => CurateConfig::default(),
    };
    if let Some(label) = &arguments.label_field {
        config.answer = AnswerFormat::Json {
            label: FieldPath::new(label)?,
            confidence: Some(FieldPath::key("confidence")),
            scale: distill_data::ConfidenceScale::Unit,
        };
    }
    if !arguments.split.is_empty() {
        let split = config.split.get_or_insert_default();
        split.parts = arguments.split.clone();
        split.by = arguments.split_by;
    }
    config.class_cap = arguments.class_cap.or(config.class_cap);
    if arguments.mask_personal_data {
        config.personal_data = PersonalDataMask::all();
    }
    let gold = arguments.gold.as_deref().map(GoldRows::read).transpose()?;
    let mut reviewed: Vec<ReviewedRow> = Vec::new();
    for path in &arguments.reviewed {
        reviewed.append(&mut read_reviewed(path, &task)?);
    }
    let mut input = CurateInput::new(&task, &logs).with_reviewed(&reviewed);
    if let Some(gold) = &gold {
        input = input.with_gold(gold);
    }
    let curated = curate_with_progress(&input, &config.check()?, &mut |event| {
        eprint!("\r\x1b[K{} ({} rows)", event.stage.as_str(), event.rows);
    })?;
    eprintln!();
    let manifest = curated.write(&arguments.out)?;
    print_account(&manifest);
    println!("\nwritten to {}", arguments.out.display());
    Ok(manifest.verdict)
}

/// The answers in a file; what cannot be used is told to the user.
fn read_reviewed(path: &Path, task: &Task) -> Result<Vec<ReviewedRow>, Box<dyn Error>> {
    let found = ReviewedRows::read(path, task)?;
    println!(
        "{}: {} answers, {} rows skipped, {} not answered",
        path.display(),
        found.rows.len(),
        found.skipped,
        found.blank
    );
    for aside in &found.set_aside {
        println!(
            "  row {} ({:?}) is set aside: {}",
            aside.row, aside.input, aside.problem
        );
    }
    Ok(found.rows)
}

/// The manifest, for a person.
fn print_account(manifest: &Manifest) {
    let ledger = &manifest.ledger;
    println!("{:>9}  lines read", ledger.lines);
    if ledger.calls != ledger.lines_with_calls {
        println!("{:>9}  calls in them, one for each question", ledger.calls);
    }
    println!(
        "{:>9}  to train on ({} calls)",
        ledger.train, ledger.calls_in_train
    );
    for (part, rows) in &ledger.set_apart {
        println!("{rows:>9}  kept from training, in {part}.jsonl");
    }
    println!("{:>9}  merged into a row of the same text", ledger.merged_exact);
    println!(
        "{:>9}  merged into a row of nearly the same text",
        ledger.merged_near
    );
    for (heading, reasons) in [
        ("to review", &ledger.review),
        ("rejected", &ledger.rejected),
        ("another question", &ledger.other_questions),
        ("no call", &ledger.lines_without_call),
        ("quarantined", &ledger.quarantined),
    ] {
        for (reason, count) in reasons {
            println!("{count:>9}  {heading}: {}", reason.replace('_', " "));
        }
    }
    print_unknown_labels(manifest);
    print_teachers(manifest);
    print_suspects(manifest);
    print_split(manifest);
    print_class_limits(manifest);
    print_personal_data(manifest);
    print_review(manifest);
    print_audit(manifest);
    let to_read = manifest
        .audit
        .as_ref()
        .map_or(0, |audit| audit.drawn - audit.answered);
    if manifest.review.questions + to_read > 0 {
        println!(
            "  fill in the column right_label of review.csv (a label, or ok where the given one is right, or skip), and \
             give the file back with --reviewed"
        );
    }
    match &manifest.leakage {
        Some(leakage) => println!(
            "gold set: {} of {} rows were near the log, {} word for word; {} are near a training row",
            leakage.log.gold_at(leakage.log.threshold.get()).count(),
            leakage.log.gold_rows,
            leakage.log.exact,
            leakage.train.gold_at(leakage.train.threshold.get()).count(),
        ),
        None => println!("gold set: none given, so that nothing is certified about leakage"),
    }
    match manifest.verdict {
        Verdict::Usable => println!("verdict: usable"),
        Verdict::TooDamaged { share, allowed } => println!(
            "verdict: not usable, {:.1}% of the lines are damaged and {:.1}% are allowed; see quarantine.jsonl",
            100.0 * share,
            100.0 * allowed
        ),
        Verdict::NothingKept => println!("verdict: not usable, no row was left to train on"),
        _ => println!("verdict: {:?}", manifest.verdict),
    }
}

/// What changed between the teachers, if there was more than one.
fn print_teachers(manifest: &Manifest) {
    let teachers = &manifest.teachers;
    if teachers.count() < 2 {
        return;
    }
    let effect = |change: &TeacherChange| change.labels.cramers_v.unwrap_or(0.0);
    let widest = teachers
        .changes
        .iter()
        .max_by(|a, b| effect(a).total_cmp(&effect(b)));
    print!(
        "teachers: {} (model, fingerprint or prompt changed inside the log)",
        teachers.count()
    );
    match widest {
        None => println!("; no two of them have enough texts to compare"),
        Some(change) => println!(
            "; from number {} to {}: {} of {} shared texts labelled differently, {}",
            change.from + 1,
            change.to + 1,
            change.disagreements,
            change.shared_texts,
            change.labels.verdict.as_str()
        ),
    }
}

/// What a person's time brings, and what it has brought.
fn print_review(manifest: &Manifest) {
    if let Some(reviewed) = &manifest.reviewed {
        println!(
            "reviewed: {} answers are about texts of the log, and label {} similar ones too",
            reviewed.found, reviewed.similar
        );
        if reviewed.checked > 0 {
            println!(
                "  of {} calls of these texts that have a confidence {} were right",
                reviewed.checked, reviewed.right
            );
        }
        for (reason, questions) in &reviewed.questions {
            println!(
                "  {}: {} of {} rows were wrong, {:.0} were expected to be",
                reason.replace('_', " "),
                questions.wrong,
                questions.answered,
                questions.expected
            );
        }
    }
    let review = &manifest.review;
    if review.questions == 0 {
        return;
    }
    println!(
        "review: {} questions in about {:.0} minutes; {:.0} of the calls behind them are expected to be wrong",
        review.questions, review.minutes, review.wrong_calls
    );
    for minutes in [10.0, 30.0, 60.0] {
        let reached = review.curve.iter().find(|point| point.minutes == minutes);
        if let Some(reached) = reached {
            println!(
                "  the first {minutes:.0} minutes put right about {:.0} of these calls ({} questions)",
                reached.calls, reached.questions
            );
        }
    }
}

/// How many wrong labels are left among the rows that are kept.
fn print_audit(manifest: &Manifest) {
    let Some(audit) = &manifest.audit else { return };
    println!(
        "audit: {} of {} rows kept on the teacher's word were drawn by chance, {} are answered, {} were wrong",
        audit.drawn, audit.all.by_rows.of, audit.answered, audit.wrong
    );
    if audit.answered < audit.drawn {
        println!(
            "  the others are among the questions of review.csv, about {:.0} minutes more; they are trained on meanwhile",
            audit.minutes
        );
    }
    let print = |of: &str, AuditEstimate { by_rows, by_calls }: &AuditEstimate| {
        print_share(&format!("rows {of}"), by_rows);
        print_share(&format!("calls {of}"), by_calls);
    };
    print("kept", &audit.all);
    if let Some(rare) = &audit.rare {
        print(&format!("of {} rare labels", rare.labels.len()), &rare.estimate);
    }
}

fn print_share(of: &str, share: &AuditShare) {
    let Some(wrong) = share.share else { return };
    let passed_over = match share.passed_over {
        0 => String::new(),
        some => format!("; {some} passed over, which may be right or wrong"),
    };
    println!(
        "  wrong among {} {of}: {:.1}%, with 95% confidence {:.1} to {:.1}% ({} of {} read{passed_over})",
        share.of,
        100.0 * wrong,
        100.0 * share.interval.0,
        100.0 * share.interval.1,
        share.wrong,
        share.answered,
    );
}

/// What the search for wrong labels found, and each class that was too small to be judged by itself.
fn print_suspects(manifest: &Manifest) {
    const SHOWN: usize = 8;
    let Some(suspects) = &manifest.suspects else {
        return;
    };
    println!(
        "wrong labels: {} of {} rows suspected by a model that finds {:.1}% of the labels by itself",
        suspects.suspects,
        suspects.judged,
        100.0 * suspects.agreement
    );
    println!(
        "  estimated: {:.1}% of the labels by the chances of the rows, {:.1}% by the confident joint",
        100.0 * suspects.wrong_share,
        100.0 * suspects.wrong_share_by_joint
    );
    for pair in suspects.confused.iter().take(3) {
        println!(
            "  about {:.0} rows given {} are {}",
            pair.rows, pair.given, pair.right
        );
    }
    if !suspects.protected_classes.is_empty() {
        println!(
            "  kept more than was suspected of: {}",
            suspects.protected_classes.join(", ")
        );
    }
    let small: Vec<String> = manifest
        .labels
        .iter()
        .filter_map(|label| {
            let found = label.suspicion?;
            let how = match found.basis {
                ClassBasis::Pooled => format!("judged with pooled estimates, {} suspected", found.suspected),
                ClassBasis::None => "not judged, for no other text has the label".to_owned(),
                _ => return None,
            };
            Some(format!(
                "  small class {}: {} rows, {how}",
                label.label, found.rows
            ))
        })
        .collect();
    for line in small.iter().take(SHOWN) {
        println!("{line}");
    }
    if small.len() > SHOWN {
        println!(
            "  and {} other small classes, in manifest.json",
            small.len() - SHOWN
        );
    }
}

/// The answers outside the task that came most often: what the task may lack.
fn print_unknown_labels(manifest: &Manifest) {
    const SHOWN: usize = 8;
    let mut unknown: Vec<_> = manifest.unknown_labels.iter().collect();
    unknown.sort_by_key(|&(name, &count)| (Reverse(count), name));
    for (name, count) in unknown.iter().take(SHOWN) {
        println!("{count:>9}  times the answer was {name:?}, which is no label of the task");
    }
    if unknown.len() > SHOWN {
        println!(
            "           and {} other names, in manifest.json",
            unknown.len() - SHOWN
        );
    }
}

/// What a random split would have made of the rows that are held out, and the labels that not every part has.
fn print_split(manifest: &Manifest) {
    let Some(split) = &manifest.split else { return };
    if let Some(flattery) = &split.flattery {
        let splits = [
            ("this split", &flattery.here),
            ("random splits", &flattery.random),
        ];
        for (name, score) in splits {
            println!(
                "{name}: a fast classifier is right on {:.1}% of the held-out rows; {:.1}% of them have a near-duplicate in \
                 training, and it is right on {:.1}% of the others",
                100.0 * score.accuracy(),
                100.0 * score.near_share(),
                100.0 * score.accuracy_without_near()
            );
        }
    }
    let missing = split.small_classes.iter().map(|class| {
        let from = class.missing_from.join(" and ");
        format!("{} ({} in all) from {from}", class.label, class.rows)
    });
    print_listed("labels that are missing", missing);
}

fn print_class_limits(manifest: &Manifest) {
    let limits = &manifest.class_limits;
    let listed = |rows: &BTreeMap<String, usize>| -> Vec<String> {
        rows.iter()
            .map(|(label, rows)| format!("{label} {rows}"))
            .collect()
    };
    print_listed(
        "rows over the cap of a label",
        listed(&limits.over_cap).into_iter(),
    );
    let heading = format!("rows that labels with fewer than {} lack", limits.floor);
    print_listed(&heading, listed(&limits.below_floor).into_iter());
}

/// The first few of a list, and how many more there are in the manifest.
fn print_listed(heading: &str, all: impl ExactSizeIterator<Item = String>) {
    const SHOWN: usize = 8;
    let more = all.len().saturating_sub(SHOWN);
    let shown: Vec<String> = all.take(SHOWN).collect();
    if !shown.is_empty() {
        print!("{heading}: {}", shown.join(", "));
        match more {
            0 => println!(),
            more => println!(", and {more} more in manifest.json"),
        }
    }
}

fn print_personal_data(manifest: &Manifest) {
    let Some(record) = &manifest.personal_data else {
        return;
    };
    let kinds = record.found.iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, count)| format!(", {} {count}", kind.as_str().replace('_', " ")))
        .collect();
    println!(
        "personal data: masked in {} questions{}",
        record.questions,
        kinds.concat()
    );
}
