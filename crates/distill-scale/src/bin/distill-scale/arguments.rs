//! What the program is asked for.

use std::path::PathBuf;

use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use distill_data::{LogFormat, SourceField, SplitBy, SplitPart, WeightByCalls};
use serde::de::DeserializeOwned;

/// Curates logs that no memory holds: read makes a table of calls of them, curate says what becomes of each text, and export
/// writes what a small model learns from.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a table of calls of logs of any format that distill-data reads.
    ///
    /// Ends with 2 where the logs are not to be believed, for too much of them is damaged or no call has a legal label.
    Read(Read),
    /// Writes what becomes of each distinct text of a table of calls.
    Curate(Curate),
    /// Makes a training set of the outcome: train.jsonl and a file for each part that is kept from training; and the questions to
    /// persons: review.jsonl, audit.jsonl, review.csv and label-studio.json.
    Export(Export),
    /// Runs the scheduler of a cluster.
    #[cfg(feature = "ballista")]
    Scheduler {
        /// Where it listens: 0.0.0.0:50050 for executors of other machines too. Only in a network that you trust, for
        /// whoever reaches it may have plans carried out.
        #[arg(long, default_value = "127.0.0.1:50050")]
        address: std::net::SocketAddr,
        /// After how many seconds without a sign of life an executor is given up, at least 10.
        #[arg(long, default_value_t = 15)]
        executor_timeout: u64,
    },
    /// Runs an executor of a cluster.
    #[cfg(feature = "ballista")]
    Executor {
        /// The scheduler, HOST:PORT.
        #[arg(long, default_value = "127.0.0.1:50050")]
        scheduler: String,
        /// The name or address by which other executors and the client reach this machine.
        #[arg(long, default_value = "127.0.0.1")]
        host: String,
        /// The address of this machine that it listens at: 0.0.0.0 for all.
        #[arg(long, default_value = "127.0.0.1")]
        bind: std::net::IpAddr,
        /// Where others fetch its results.
        #[arg(long)]
        port: u16,
        /// How many parts it works on at a time.
        #[arg(long, default_value_t = 1)]
        cores: usize,
        /// MiB that the engine may hold.
        #[arg(long, default_value_t = 1024)]
        memory: u64,
        /// Where it writes what others fetch and what it cannot hold.
        #[arg(long)]
        folder: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Read {
    /// The logs, packed by gzip or zstd or not.
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,
    /// task.toml, with the labels and their other spellings.
    #[arg(long)]
    pub(crate) task: PathBuf,
    /// A folder that is new or empty.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Settings of distill-data's curation (TOML), of which answer, personal_data and max_damaged_share count.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How the logs are written.
    #[arg(long, default_value = "jsonl", value_parser = PossibleValuesParser::new(LogFormat::NAMES))]
    pub(crate) format: String,
    /// Field of the question in JSON lines, or its column in CSV: a key, dotted keys or a JSON pointer.
    #[arg(long, default_value = "input", value_name = "FIELD")]
    pub(crate) input_field: String,
    /// Field or column of the answer.
    #[arg(long, default_value = "answer", value_name = "FIELD")]
    pub(crate) answer_field: String,
    /// Field or column of the time of the call.
    #[arg(long, default_value = "timestamp", value_name = "FIELD")]
    pub(crate) time_field: String,
    /// If answers are JSON objects: the field of the label in them.
    #[arg(long, value_name = "FIELD")]
    pub(crate) label_field: Option<String>,
    /// The task's question, where a call asks several; without it all of which the task knows an answer.
    #[arg(long)]
    pub(crate) question: Option<String>,
    /// Scores of the answers in a file beside the log, which is held in memory; joined to the calls by their ids.
    #[arg(long, value_name = "FILE")]
    pub(crate) scores: Option<PathBuf>,
    /// The name of the score that is an answer's confidence, in 0..1.
    #[arg(long, value_name = "NAME", requires = "scores")]
    pub(crate) confidence_score: Option<String>,
    /// The name of the score by which a person says that an answer is right (1, true) or wrong (0, false).
    #[arg(long, value_name = "NAME", requires = "scores")]
    pub(crate) judgement_score: Option<String>,
    /// Masks card numbers, IBANs, e-mail addresses and phone numbers in everything that is written.
    #[arg(long)]
    pub(crate) mask_personal_data: bool,
    /// How many logs are read at a time. Default: as many as there are cores.
    #[arg(long)]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    /// The folder of a curation that has ended.
    #[arg(long)]
    pub(crate) from: PathBuf,
    /// task.toml, as the curation had it.
    #[arg(long)]
    pub(crate) task: PathBuf,
    /// A folder that is new or empty.
    #[arg(long)]
    pub(crate) to: PathBuf,
    /// How the calls that a row stands for become its weight: none, sqrt or linear.
    #[arg(long, default_value = "none", value_parser = named::<WeightByCalls>)]
    pub(crate) weight_by_calls: WeightByCalls,
    /// The table of calls that was curated, to write merged.jsonl of: the calls that stand behind another.
    #[arg(long, value_name = "CALLS")]
    pub(crate) merged: Option<PathBuf>,
    /// MiB that the engine may hold before it writes to disk.
    #[arg(long, default_value_t = 1024)]
    pub(crate) memory: usize,
    /// Where it writes what it cannot hold.
    #[arg(long)]
    pub(crate) scratch: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Curate {
    /// The folder that read has written; or a table of calls: Parquet (.parquet) or JSON lines (.jsonl), a file or a folder of
    /// files, with the columns input, answer and, where there are any, confidence and reviewed.
    #[arg(long)]
    pub(crate) calls: PathBuf,
    /// task.toml, with the labels.
    #[arg(long)]
    pub(crate) task: PathBuf,
    /// gold.jsonl: calls whose text is a gold row's, or nearly, are left out, and scale.json gets the leakage certificates.
    #[arg(long)]
    pub(crate) gold: Option<PathBuf>,
    /// What a person has reviewed: review.csv of distill-data as a spreadsheet saved it, Label Studio's export (.json), or JSON
    /// lines. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) reviewed: Vec<PathBuf>,
    /// A folder that is new or empty.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Settings of distill-data's curation (TOML), of which near_threshold, conflict_majority, min_confidence, target_precision,
    /// unknown_confidence, suspects, split, class_cap, class_floor and review count. What is given beside it takes the place of
    /// what is in it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The Jaccard similarity of character 3-grams from which texts are near-duplicates. Default 0.8.
    #[arg(long)]
    pub(crate) near_threshold: Option<f64>,
    /// The share of the support that a label needs to win a conflict. Default 2/3.
    #[arg(long)]
    pub(crate) conflict_majority: Option<f64>,
    /// Rows below this confidence are reviewed. Default 0.5.
    #[arg(long)]
    pub(crate) min_confidence: Option<f64>,
    /// In its place, the share of reviewed rows that was right at the lowest confidence that is kept.
    #[arg(long, value_name = "SHARE", requires = "reviewed")]
    pub(crate) target_precision: Option<f64>,
    /// Rows of unknown confidence are reviewed.
    #[arg(long)]
    pub(crate) review_unknown: bool,
    /// Leaves out the search for wrong labels, which holds some 1 kB for each row that could be trained on.
    #[arg(long)]
    pub(crate) keep_suspects: bool,
    /// Keeps a share of the rows from training, as a part of that name, as in heldout=0.1; may be given several times. In place
    /// of the split of the settings file, with --split-by, --split-group and --seed.
    #[arg(long, alias = "part", value_name = "NAME=SHARE")]
    pub(crate) split: Vec<SplitPart>,
    /// What stays together in a split: cluster (near-duplicates), group (log files), time (the latest calls are held out) or
    /// log-order (the last lines are).
    #[arg(long, requires = "split", default_value = "cluster")]
    pub(crate) split_by: SplitBy,
    /// Where rows are split by group, what names it: file (the log) or question (of several that a call asks).
    #[arg(long, default_value = "file", value_parser = named::<SourceField>)]
    pub(crate) split_group: SourceField,
    /// Which of many equally good splits.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Leaves out how much a random split would have flattered, which holds some 300 bytes for each row that could be trained on.
    #[arg(long)]
    pub(crate) unmeasured: bool,
    /// The most rows of a label to train on: those that stand best for all; the others go into over_class_cap.jsonl. A label
    /// that has more is held in memory, one at a time.
    #[arg(long, value_name = "ROWS")]
    pub(crate) class_cap: Option<usize>,
    /// The fewest rows that a label should have; those that lack some are named. Default 10.
    #[arg(long, value_name = "ROWS")]
    pub(crate) class_floor: Option<usize>,
    /// In how many passes near-duplicates are looked for: with twice as many, half the scratch space does.
    #[arg(long, default_value_t = 1)]
    pub(crate) passes: u32,
    /// MiB that the engine of this process may hold before it writes to disk.
    #[arg(long, default_value_t = 1024)]
    pub(crate) memory: usize,
    /// Into how many parts tables are dealt. Default: as many as there are cores, or 16 on a cluster.
    #[arg(long)]
    pub(crate) partitions: Option<usize>,
    /// Where this process writes what it cannot hold.
    #[arg(long)]
    pub(crate) scratch: Option<PathBuf>,
    /// The scheduler of a cluster, http://HOST:PORT, in place of this process.
    #[cfg(feature = "ballista")]
    #[arg(long)]
    pub(crate) scheduler: Option<String>,
    /// Seconds that a stage may take on a cluster before it is cancelled and tried again, three times in all.
    #[cfg(feature = "ballista")]
    #[arg(long, default_value_t = 3600)]
    pub(crate) stage_limit: u64,
}

/// A setting by its name in a settings file.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(name.into())
}
