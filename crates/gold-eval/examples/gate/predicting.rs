//! `gate predict`: a model's answers to a gold set, from wherever it runs.

use std::{
    error::Error,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};
use gold_eval::{
    AnswerFile, AnswerSource, AnswerTimes, GoldKind, GoldSet, Predictions, ProcessConfig, WireShape, collect,
    read_answers,
};
use stage_files::write_json_lines;
use task_spec::Task;

use crate::{GoldFiles, open, say, with_task};

#[derive(Args)]
#[command(group = ArgGroup::new("source").required(true).args(["command", "url", "answers"]))]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    gold: GoldFiles,
    /// Where the answers go; those of a run that was stopped are in the same name with `.partial`, and it goes on there.
    #[arg(long, default_value = "predictions.jsonl")]
    out: PathBuf,
    /// The candidate's name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    process: ProcessArgs,
    #[command(flatten)]
    endpoint: EndpointArgs,
    #[command(flatten)]
    file: FileArgs,
}

#[derive(Args)]
#[command(next_help_heading = "A model in a process")]
struct ProcessArgs {
    /// A line for the shell. It gets {"id", "input"} lines and writes {"id", "answer", "confidence"?,
    /// "probabilities"?, "latency_ms"?, "cost_usd"?} lines in any order.
    #[arg(long)]
    command: Option<String>,
    /// Questions on their way at once, 1 to measure the latency of a row alone [default: no limit, no latency].
    #[arg(long, requires = "command")]
    in_flight: Option<usize>,
    /// Seconds until the first answer, in which the model is loaded.
    #[arg(long, requires = "command", default_value_t = 300.0)]
    start_timeout: f64,
    /// Seconds without any answer after it.
    #[arg(long, requires = "command", default_value_t = 60.0)]
    row_timeout: f64,
    /// Seconds for all rows.
    #[arg(long, requires = "command")]
    overall_timeout: Option<f64>,
    /// How often a process that ended or fell silent is started again for what is unanswered.
    #[arg(long, requires = "command", default_value_t = 0)]
    restarts: u32,
}

#[derive(Args)]
#[command(next_help_heading = "A model behind an address (needs --features http)")]
struct EndpointArgs {
    /// The server's address, with or without the route.
    #[arg(long, requires = "shape")]
    url: Option<String>,
    /// chat, decisions, systemone, predict (text-embeddings-inference) or classify (vLLM).
    #[arg(long, requires = "url")]
    shape: Option<WireShape>,
    /// The model's name at the server.
    #[arg(long, requires = "url")]
    model: Option<String>,
    /// The environment variable that holds the API key.
    #[arg(long, requires = "url", value_name = "VARIABLE")]
    api_key_env: Option<String>,
    /// Requests under way at once, 1 to measure the latency of a row alone.
    #[arg(long, requires = "url", default_value_t = 4)]
    parallel: usize,
    /// Inputs in a request, for predict and classify.
    #[arg(long, requires = "url", default_value_t = 1)]
    batch: usize,
    /// Seconds for a request and its answer.
    #[arg(long, requires = "url", default_value_t = 60.0)]
    timeout: f64,
    /// How often a request is sent again after a 408, 429, 5xx or no answer.
    #[arg(long, requires = "url", default_value_t = 5)]
    retries: u32,
    /// Ask chat completions for the probabilities of tokens, of which the confidence is made.
    #[arg(long, requires = "url")]
    logprobs: bool,
    /// What a million tokens of requests cost, in US dollars: answers of chat completions then have a cost, where the
    /// server says how many tokens they took.
    #[arg(long, requires_all = ["url", "usd_per_million_output"], value_name = "USD")]
    usd_per_million_input: Option<f64>,
    /// What a million tokens of answers cost, in US dollars.
    #[arg(long, requires_all = ["url", "usd_per_million_input"], value_name = "USD")]
    usd_per_million_output: Option<f64>,
    /// A JSON object whose fields are added to each request.
    #[arg(long, requires = "url", value_name = "JSON")]
    extra: Option<String>,
    /// The address of a proxy.
    #[arg(long, requires = "url")]
    proxy: Option<String>,
}

#[derive(Args)]
#[command(next_help_heading = "Answers that are there already")]
struct FileArgs {
    /// A file of answers, to be checked and brought into this form.
    #[arg(long)]
    answers: Option<PathBuf>,
    /// jsonl, csv, promptfoo, lm-eval or openai-batch.
    #[arg(long, requires = "answers", default_value_t = AnswerFile::Jsonl)]
    format: AnswerFile,
}

pub(crate) fn run(args: &PredictArgs) -> Result<u8, Box<dyn Error>> {
    with_task!(&args.gold.task, task => predict_for(task, args))
}

fn predict_for<K: GoldKind>(task: &Task<K>, args: &PredictArgs) -> Result<u8, Box<dyn Error>> {
    let gold = open(task, &args.gold)?;
    if let Some(answers) = &args.file.answers {
        return bring_in(args, answers, &gold);
    }
    let source: Box<dyn AnswerSource> = match &args.process.command {
        Some(line) => process(args, line)?,
        None => endpoint(args, task)?,
    };
    let on_terminal = io::stderr().is_terminal();
    let mut progress = |answered: usize, rows: usize| {
        if on_terminal {
            // A terminal that cannot be written to is no reason to stop.
            let _unseen = write!(io::stderr(), "\r{answered} of {rows} rows answered");
        }
    };
    let collected = collect(source.as_ref(), &gold, &args.out, &mut progress);
    if on_terminal {
        let _unseen = writeln!(io::stderr());
    }
    let collected = collected?;
    let account = &collected.account;
    say(&format!(
        "{} rows answered by {}, {} of them asked for now, in {}{}",
        account.rows,
        account.predictor,
        collected.asked,
        args.out.display(),
        times(account.times)
    ))?;
    Ok(0)
}

fn process(args: &PredictArgs, line: &str) -> Result<Box<dyn AnswerSource>, Box<dyn Error>> {
    let settings = &args.process;
    let mut config = ProcessConfig::shell(line);
    config.name = args.name.clone().or(config.name);
    config.in_flight = settings.in_flight;
    config.start_timeout_s = settings.start_timeout;
    config.row_timeout_s = settings.row_timeout;
    config.overall_timeout_s = settings.overall_timeout;
    config.max_restarts = settings.restarts;
    let model = config.check()?.with_stderr(|line| {
        let _unseen = writeln!(io::stderr(), "model: {line}");
    });
    Ok(Box::new(model))
}

#[cfg(feature = "http")]
fn endpoint<K: GoldKind>(
    args: &PredictArgs,
    task: &Task<K>,
) -> Result<Box<dyn AnswerSource>, Box<dyn Error>> {
    use gold_eval::{ApiKey, HttpConfig, TokenPrices};

    let settings = &args.endpoint;
    let (Some(url), Some(shape)) = (&settings.url, settings.shape) else {
        return Err("--url and --shape go together".into());
    };
    let mut config = HttpConfig::new(url, shape);
    config.model = settings.model.clone();
    config.name = args.name.clone();
    config.parallel = settings.parallel;
    config.batch = settings.batch;
    config.timeout_s = settings.timeout;
    config.retries = settings.retries;
    config.logprobs = settings.logprobs;
    config.proxy = settings.proxy.clone();
    config.prices = (settings.usd_per_million_input)
        .zip(settings.usd_per_million_output)
        .map(|(input, output)| TokenPrices {
            input_usd_per_million: input,
            output_usd_per_million: output,
        });
    if let Some(extra) = &settings.extra {
        config.extra =
            serde_json::from_str(extra).map_err(|error| format!("--extra is no JSON object: {error}"))?;
    }
    let mut model = config.check(task)?;
    if let Some(variable) = &settings.api_key_env {
        let key = std::env::var(variable).map_err(|error| format!("the variable {variable}: {error}"))?;
        model = model.with_api_key(ApiKey::new(&key)?);
    }
    Ok(Box::new(model))
}

#[cfg(not(feature = "http"))]
fn endpoint<K: GoldKind>(_: &PredictArgs, _: &Task<K>) -> Result<Box<dyn AnswerSource>, Box<dyn Error>> {
    Err("this gate was built without HTTP: build it with --features http".into())
}

/// Checks a file of answers and writes it as `predictions.jsonl`.
fn bring_in<K: GoldKind>(
    args: &PredictArgs,
    answers: &Path,
    gold: &GoldSet<K>,
) -> Result<u8, Box<dyn Error>> {
    let rows = read_answers(answers, args.file.format)?;
    let name = args.name.as_deref().unwrap_or("candidate");
    Predictions::new(name, gold, rows.iter().map(|answer| answer.row.clone()))?;
    write_json_lines(&args.out, rows.iter())?;
    say(&format!(
        "{} rows of {} are in {}{}",
        rows.len(),
        answers.display(),
        args.out.display(),
        times(AnswerTimes::of(rows.iter().filter_map(|row| row.latency_ms)))
    ))?;
    Ok(0)
}

fn times(times: Option<AnswerTimes>) -> String {
    times.map_or_else(String::new, |times| {
        format!(
            "; latency p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms",
            times.p50_ms, times.p95_ms, times.p99_ms
        )
    })
}
