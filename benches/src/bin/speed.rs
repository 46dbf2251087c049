//! How fast a model answers, by the protocol of `benches/peers`, so that it can be timed beside other engines.
//!
//! ```text
//! speed --model DIR --adapter DIR --ids FILE --mode single,batch [--batch 8,32,128] [--order given,sorted]
//! speed --model DIR --adapter DIR --texts FILE --mode text
//! speed --model DIR --ids FILE --mode prefill,decode
//!       [--device flex|wgpu|cuda] [--weights f32|int16|int8|int4|bf16|f16] [--tokens 64] [--threads 1] [--rounds 1]
//!       [--dump FILE]
//! ```
//!
//! One line of JSON for every mode, and in the mode `batch` for every size and order. `peers/run.py` and, on a GPU,
//! `peers/gpu.py` start it with all that it needs; alone it wants the files that `peers/ids.py`, `peers/export_onnx.py` and
//! `peers/smollm_shaped.py` write. A device other than `flex` needs the feature of its name.
//!
//! - `single`: each row of `--ids` (a JSON list of token ids a line) alone, to the scores of all labels.
//! - `batch`: rows in batches, padded to the longest of the batch; in the given order, or sorted by length before they are
//!   cut into batches. An incomplete last batch is left out.
//! - `text`: as `single`, from texts (a JSON string a line), with their tokenisation.
//! - `prefill`: each row alone, to the scores of its next token.
//! - `decode`: `--tokens` tokens that are written greedily after each row, without the time of the row itself.
//!
//! The clock starts when ids are in memory and stops when scores are: what a batch costs to lay out is in it. What is not
//! measured: opening the model, and the first passes, which lay out weights, and compile and choose kernels on a GPU.

#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{
    collections::BTreeMap,
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use adapter_runtime::Latency;
use base_model::{
    Adapter, BaseModel, Decoder, Encoder, Generation, Network, TokenBatch, WeightFormat, device_by_name,
    instruction_set,
};
use benches::Failure;
use burn::tensor::Device;
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

/// Tensors come and go with every layer. The system's allocator gives their pages back and takes new ones each time; this
/// one keeps them, as the peers' own do.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tokens that are computed before the clock starts; rows, where their tokens are not known. On a GPU it is all of them, since
/// every new size may compile kernels.
const WARM_UP: usize = 400;
/// Rows whose results are written with `--dump`.
const DUMPED: usize = 16;

fn main() -> Result<(), Failure> {
    let options = Options::parse(std::env::args().skip(1))?;
    let threads = options.number("threads", 1)?;
    // Not in a pool of its own: work that is on one of a pool's threads is not cut up for the others.
    ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let lines = measure(&options)?;
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

fn measure(options: &Options) -> Result<Vec<Value>, Failure> {
    let modes: Vec<String> = options.list("mode", "")?;
    let model = options.path("model")?;
    let device = options.device()?;
    let format = options.weights()?;
    if modes.iter().any(|mode| mode == "text") {
        let [_] = modes.as_slice() else {
            return Err("the mode text goes with no other".into());
        };
        let base = BaseModel::open_as(&model, format, &device)?;
        let adapter = Adapter::read(&options.path("adapter")?, &base.network, &device)?;
        let texts = rows(&options.path("texts")?, |value| value.as_str().map(str::to_owned))?;
        let clock = Clock::run(&texts, options, |text| {
            let ids = base.tokenizer.encode(text)?;
            scores(encoder(&base.network)?, &adapter, &[ids], &device)
        })?;
        return Ok(vec![clock.line("text", options, &[])?]);
    }

    let network = Network::open_as(&model, format, &device)?;
    let ids = rows(&options.path("ids")?, token_ids)?;
    let adapter = match options.path("adapter") {
        Ok(folder) => Some(Adapter::read(&folder, &network, &device)?),
        Err(_) => None,
    };
    let with_head = || required(adapter.as_ref());
    if let Ok(path) = options.path("dump") {
        dump(&path, &network, adapter.as_ref(), &ids, &device)?;
    }

    let mut lines = Vec::new();
    for mode in &modes {
        match mode.as_str() {
            "single" => {
                let (encoder, adapter) = (encoder(&network)?, with_head()?);
                let clock = Clock::run(&ids, options, |row| {
                    scores(encoder, adapter, std::slice::from_ref(row), &device)
                })?;
                lines.push(clock.line(mode, options, &[])?);
            }
            "batch" => {
                let (encoder, adapter) = (encoder(&network)?, with_head()?);
                for size in options.list::<usize>("batch", "8,32,128")? {
                    for order in options.list::<String>("order", "given,sorted")? {
                        let batches = batches(&ids, size, &order)?;
                        let clock =
                            Clock::run(&batches, options, |rows| scores(encoder, adapter, rows, &device))?;
                        let about = [("batch", json!(size)), ("order", json!(order))];
                        lines.push(clock.line(mode, options, &about)?);
                    }
                }
            }
            "prefill" => {
                let decoder = decoder(&network)?;
                let clock = Clock::run(&ids, options, |row| {
                    next_token(decoder, adapter.as_ref(), row, &device)
                })?;
                lines.push(clock.line(mode, options, &[])?);
            }
            "decode" => lines.push(decode(decoder(&network)?, &ids, options, &device)?),
            other => return Err(format!("there is no mode {other:?}").into()),
        }
    }
    Ok(lines)
}

/// Writes the results of the first rows: an encoder's states and scores, a decoder's probabilities of next tokens.
fn dump(
    path: &Path,
    network: &Network,
    adapter: Option<&Adapter>,
    ids: &[Vec<u32>],
    device: &Device,
) -> Result<(), Failure> {
    let mut results = Vec::new();
    for row in ids.iter().take(DUMPED) {
        match network {
            Network::Encoder(encoder) => {
                let states = encoder.forward(&one(row, device), adapter);
                results.extend(states.into_data().iter::<f32>());
                let one = std::slice::from_ref(row);
                results.extend(scores(encoder, required(adapter)?, one, device)?);
            }
            Network::Decoder(decoder) => results.extend(next_token(decoder, adapter, row, device)?),
            _ => return Err("a network of this kind is not timed".into()),
        }
    }
    let bytes: Vec<u8> = results.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok(fs::write(path, bytes)?)
}

/// The scores of all labels for every row, row after row.
fn scores(
    encoder: &Encoder,
    adapter: &Adapter,
    rows: &[Vec<u32>],
    device: &Device,
) -> Result<Vec<f32>, Failure> {
    let batch = TokenBatch::new(rows, 0, device);
    let pooled = encoder.pooled(&batch, Some(adapter)); // [batch, d_model]
    let scores = adapter.classify(pooled).ok_or("the adapter has no label head")?; // [batch, classes]
    Ok(scores.into_data().iter::<f32>().collect())
}

/// The logarithm of the probability of every token as the next one.
fn next_token(
    decoder: &Decoder,
    adapter: Option<&Adapter>,
    row: &[u32],
    device: &Device,
) -> Result<Vec<f32>, Failure> {
    let last = row.len().checked_sub(1).ok_or("an empty prompt")?;
    let log_p = decoder.log_probabilities_at(one(row, device), None, &[vec![last]], adapter); // [1, vocab]
    Ok(log_p.into_data().iter::<f32>().collect())
}

/// Writes tokens greedily after each prompt; how long each took, without the first, whose time is the prompt's.
fn decode(
    decoder: &Decoder,
    prompts: &[Vec<u32>],
    options: &Options,
    device: &Device,
) -> Result<Value, Failure> {
    let generation = Generation {
        max_new_tokens: 1 + options.number("tokens", 64)?,
        stop: Vec::new(),
    };
    let answer = |prompt: &Vec<u32>| -> Vec<Duration> {
        let (mut durations, mut last) = (Vec::new(), None::<Instant>);
        let one = std::slice::from_ref(prompt);
        let answer = decoder.generate_each(one, None, &generation, device, |_, _| {
            let now = Instant::now();
            durations.extend(last.map(|last| now - last));
            last = Some(now);
        });
        black_box(answer);
        durations
    };
    // For what comes only once.
    let begin = Instant::now();
    prompts.first().map(answer);
    let first = begin.elapsed();
    let rounds = 0..options.number("rounds", 1)?;
    let durations: Vec<Duration> = rounds.flat_map(|_| prompts.iter().flat_map(answer)).collect();
    let tokens = durations.len();
    let clock = Clock {
        first,
        durations,
        rows: tokens,
        tokens,
        padded: tokens,
    };
    clock.line("decode", options, &[])
}

fn one(row: &[u32], device: &Device) -> TokenBatch {
    TokenBatch::new(&[row.to_vec()], 0, device)
}

/// The adapter of a mode that needs one.
fn required(adapter: Option<&Adapter>) -> Result<&Adapter, Failure> {
    adapter.ok_or_else(|| "an encoder needs --adapter, for its label head".into())
}

fn encoder(network: &Network) -> Result<&Encoder, Failure> {
    match network {
        Network::Encoder(encoder) => Ok(encoder),
        _ => Err("this mode needs an encoder".into()),
    }
}

fn decoder(network: &Network) -> Result<&Decoder, Failure> {
    match network {
        Network::Decoder(decoder) => Ok(decoder),
        _ => Err("this mode needs a decoder".into()),
    }
}

/// What is timed, and how much work it is.
trait Work {
    /// Rows, tokens, and tokens with padding; texts that are not tokenised yet have no known tokens.
    fn size(&self) -> (usize, usize, usize);
}

impl Work for Vec<u32> {
    fn size(&self) -> (usize, usize, usize) {
        (1, self.len(), self.len())
    }
}

impl Work for Vec<Vec<u32>> {
    fn size(&self) -> (usize, usize, usize) {
        let longest = self.iter().map(Vec::len).max().unwrap_or(0);
        (self.len(), self.iter().map(Vec::len).sum(), self.len() * longest)
    }
}

impl Work for String {
    fn size(&self) -> (usize, usize, usize) {
        (1, 0, 0)
    }
}

/// How long each piece of work took.
struct Clock {
    /// The first of all, which is not counted: on a GPU it waits for kernels to be compiled.
    first: Duration,
    durations: Vec<Duration>,
    rows: usize,
    tokens: usize,
    padded: usize,
}

impl Clock {
    /// Does all work `rounds` times, after some of it that is not counted.
    fn run<W: Work>(
        work: &[W],
        options: &Options,
        mut forward: impl FnMut(&W) -> Result<Vec<f32>, Failure>,
    ) -> Result<Self, Failure> {
        let rounds = options.number("rounds", 1)?;
        let enough = if options.device_name() == "flex" {
            WARM_UP
        } else {
            usize::MAX
        };
        let (mut warmed, mut first) = (0, None);
        for piece in work {
            if warmed >= enough {
                break;
            }
            let begin = Instant::now();
            black_box(forward(piece)?);
            first.get_or_insert_with(|| begin.elapsed());
            let (rows, tokens, _) = piece.size();
            warmed += tokens.max(rows);
        }
        let mut clock = Self {
            first: first.unwrap_or_default(),
            durations: Vec::with_capacity(work.len() * rounds),
            rows: 0,
            tokens: 0,
            padded: 0,
        };
        for _ in 0..rounds {
            for piece in work {
                let begin = Instant::now();
                black_box(forward(piece)?);
                clock.durations.push(begin.elapsed());
                let (rows, tokens, padded) = piece.size();
                clock.rows += rows;
                clock.tokens += tokens;
                clock.padded += padded;
            }
        }
        Ok(clock)
    }

    /// The line of JSON; peers print the same keys.
    fn line(&self, mode: &str, options: &Options, about: &[(&str, Value)]) -> Result<Value, Failure> {
        let latency = Latency::of(&self.durations).ok_or("there is nothing to measure")?;
        let seconds: f64 = self.durations.iter().map(Duration::as_secs_f64).sum();
        let mut line = json!({
            "engine": "rightsize",
            "version": env!("CARGO_PKG_VERSION"),
            "mode": mode,
            "threads": options.number("threads", 1)?,
            "isa": match options.device_name() {
                "flex" => instruction_set(),
                other => other,
            },
            "first_ms": self.first.as_secs_f64() * 1e3,
            "p50_ms": latency.p50_ms,
            "p99_ms": latency.p99_ms,
            "rows_per_second": self.rows as f64 / seconds,
        });
        if self.padded > 0 {
            line["tokens_per_second"] = json!(self.tokens as f64 / seconds);
            line["padding"] = json!(1.0 - self.tokens as f64 / self.padded as f64);
        }
        for (key, value) in about {
            line[*key] = value.clone();
        }
        Ok(line)
    }
}

/// Rows in batches of one size, in the order of the file or sorted by length.
fn batches(ids: &[Vec<u32>], size: usize, order: &str) -> Result<Vec<Vec<Vec<u32>>>, Failure> {
    let mut ids = ids.to_vec();
    match order {
        "given" => {}
        "sorted" => ids.sort_by_key(Vec::len),
        other => return Err(format!("there is no order {other:?}").into()),
    }
    if size == 0 || size > ids.len() {
        return Err(format!("{} rows make no batch of {size}", ids.len()).into());
    }
    Ok(ids.chunks_exact(size).map(<[_]>::to_vec).collect())
}

/// Reads one row a line.
fn rows<T>(path: &Path, row: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let rows = text.lines().enumerate().map(|(index, line)| {
        let value: Value = serde_json::from_str(line)?;
        let unexpected = || format!("{}:{}: a row of another kind", path.display(), index + 1);
        row(&value).ok_or_else(|| unexpected().into())
    });
    rows.collect()
}

fn token_ids(value: &Value) -> Option<Vec<u32>> {
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    let ids: Vec<u32> = value.as_array()?.iter().map(id).collect::<Option<_>>()?;
    (!ids.is_empty()).then_some(ids)
}

/// `--name value`, each at most once.
struct Options(BTreeMap<String, String>);

impl Options {
    const NAMES: [&'static str; 13] = [
        "model", "adapter", "ids", "texts", "mode", "batch", "order", "threads", "rounds", "tokens",
        "weights", "device", "dump",
    ];

    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut found = BTreeMap::new();
        while let Some(argument) = arguments.next() {
            let name = argument.strip_prefix("--").unwrap_or_default().to_owned();
            if !Self::NAMES.contains(&name.as_str()) {
                let known = Self::NAMES.map(|name| format!("--{name}")).join(", ");
                return Err(format!("{argument:?} is none of {known}").into());
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a value"))?;
            if found.insert(name, value).is_some() {
                return Err(format!("{argument} is there twice").into());
            }
        }
        Ok(Self(found))
    }

    fn path(&self, name: &str) -> Result<PathBuf, Failure> {
        let value = self.0.get(name).ok_or_else(|| format!("--{name} is missing"))?;
        Ok(PathBuf::from(value))
    }

    fn weights(&self) -> Result<WeightFormat, Failure> {
        let name = self.0.get("weights").map_or("f32", String::as_str);
        WeightFormat::by_name(name).ok_or_else(|| {
            let known = WeightFormat::ALL.map(WeightFormat::name).join(", ");
            format!("--weights {name:?} is none of {known}").into()
        })
    }

    fn device_name(&self) -> &str {
        self.0.get("device").map_or("flex", String::as_str)
    }

    fn device(&self) -> Result<Device, Failure> {
        Ok(device_by_name(self.device_name())?)
    }

    fn number(&self, name: &str, default: usize) -> Result<usize, Failure> {
        match self.0.get(name) {
            None => Ok(default),
            Some(value) => match value.parse() {
                Ok(number) if number > 0 => Ok(number),
                _ => Err(format!("--{name} {value:?} is no positive whole number").into()),
            },
        }
    }

    fn list<T: FromStr>(&self, name: &str, default: &str) -> Result<Vec<T>, Failure> {
        let value = self.0.get(name).map_or(default, String::as_str);
        let items = value.split(',').map(|item| {
            let wrong = |_| format!("--{name} {value:?}: {item:?} cannot be read").into();
            item.parse().map_err(wrong)
        });
        items.collect()
    }
}
