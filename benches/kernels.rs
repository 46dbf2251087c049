//! What the fused kernels cost: `cargo bench -p benches --bench kernels`.
//!
//! The model is an encoder of MiniLM's sizes with drawn weights. The baseline of a forward pass is its linear layers
//! alone in plain tensor operations, which the `gemm` crate computes. All run on one thread; the environment variable
//! `RIGHTSIZE_CPU` takes the kernels, and not the baseline, to another instruction set.

use std::path::Path;

use base_model::{Encoder, Network, Precision, TokenBatch, WeightFormat, WeightWriter, device_by_name};
use burn::tensor::{Device, Tensor, TensorData, module};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;

const D_MODEL: usize = 384;
const D_FF: usize = 1536;
const LAYERS: usize = 6;
const VOCAB: usize = 1000;

/// Numbers around 0 that look drawn.
fn drawn(shape: [usize; 2], seed: usize, device: &Device) -> Tensor<2> {
    let mut state = seed as u64 + 1;
    let values: Vec<f32> = (0..shape[0] * shape[1])
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 40) as f32 / (1_u64 << 24) as f32 - 0.5) / 5.0
        })
        .collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// Names and sizes `[d_output, d_input]` of the linear layers.
fn linear_layers() -> Vec<(String, [usize; 2])> {
    (0..LAYERS)
        .flat_map(|layer| {
            let square = ["self.query", "self.key", "self.value", "output.dense"]
                .map(|name| (format!("attention.{name}"), [D_MODEL, D_MODEL]));
            let wide = [
                ("intermediate.dense".to_owned(), [D_FF, D_MODEL]),
                ("output.dense".to_owned(), [D_MODEL, D_FF]),
            ];
            let layers = square.into_iter().chain(wide);
            layers.map(move |(name, sizes)| (format!("encoder.layer.{layer}.{name}"), sizes))
        })
        .collect()
}

fn write_model(folder: &Path, device: &Device) {
    let config = serde_json::json!({
        "model_type": "bert", "vocab_size": VOCAB, "hidden_size": D_MODEL, "num_hidden_layers": LAYERS,
        "num_attention_heads": 12, "intermediate_size": D_FF, "max_position_embeddings": 512,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
    });
    std::fs::write(folder.join("config.json"), config.to_string()).expect("the folder can be written to");
    let mut writer = WeightWriter::new(Precision::F32);
    let vector = |writer: &mut WeightWriter, name: String, length: usize, seed: usize| {
        writer.push(name, &drawn([1, length], seed, device), true);
    };
    for (index, (name, sizes)) in linear_layers().into_iter().enumerate() {
        writer.push(format!("{name}.weight"), &drawn(sizes, index, device), false);
        vector(&mut writer, format!("{name}.bias"), sizes[0], index);
    }
    for (name, rows) in [("word", VOCAB), ("position", 512), ("token_type", 2)] {
        let name = format!("embeddings.{name}_embeddings.weight");
        writer.push(name, &drawn([rows, D_MODEL], rows, device), false);
    }
    let norms = (0..LAYERS).flat_map(|layer| {
        ["attention.output", "output"].map(|name| format!("encoder.layer.{layer}.{name}.LayerNorm"))
    });
    for name in norms.chain(["embeddings.LayerNorm".to_owned()]) {
        vector(&mut writer, format!("{name}.weight"), D_MODEL, 1);
        vector(&mut writer, format!("{name}.bias"), D_MODEL, 2);
    }
    writer
        .write(&folder.join("model.safetensors"))
        .expect("the folder can be written to");
}

fn encoder(folder: &Path, format: WeightFormat, device: &Device) -> Encoder {
    match Network::open_as(folder, format, device) {
        Ok(Network::Encoder(encoder)) => encoder,
        other => panic!("a bert is an encoder: {other:?}"),
    }
}

fn forwards(criterion: &mut Criterion) {
    let device = device_by_name("flex").expect("the benches are built with flex, and RIGHTSIZE_CPU is good");
    let folder = tempfile::tempdir().expect("there is room for a model");
    write_model(folder.path(), &device);
    let encoders: Vec<(WeightFormat, Encoder)> = WeightFormat::ALL
        .into_iter()
        .filter(|format| format.is_for(&device))
        .map(|format| (format, encoder(folder.path(), format, &device)))
        .collect();
    let weights: Vec<Tensor<2>> = linear_layers()
        .into_iter()
        .enumerate()
        .map(|(index, (_, sizes))| drawn(sizes, index, &device).transpose())
        .collect();
    let one_thread = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("the system has a thread");

    for (rows, tokens) in [(1, 13), (32, 13)] {
        let ids: Vec<u32> = (0..tokens).map(|token| token * 71 % VOCAB as u32).collect();
        let batch = TokenBatch::new(&vec![ids; rows], 0, &device);
        let mut group = criterion.benchmark_group("encoder");
        group.throughput(Throughput::Elements(u64::from(tokens) * rows as u64));
        let size = format!("{rows}x{tokens}");
        group.bench_function(BenchmarkId::new("linear layers alone, gemm", &size), |bencher| {
            let inputs = [D_MODEL, D_FF].map(|width| {
                let count = rows * tokens as usize;
                drawn([count, width], width, &device).reshape([rows, tokens as usize, width])
            });
            one_thread.install(|| {
                bencher.iter(|| {
                    for weight in &weights {
                        let input = &inputs[usize::from(weight.dims()[0] == D_FF)];
                        std::hint::black_box(module::linear(input.clone(), weight.clone(), None));
                    }
                });
            });
        });
        for (format, encoder) in &encoders {
            group.bench_function(
                BenchmarkId::new(format!("forward, {format:?}"), &size),
                |bencher| {
                    one_thread.install(|| bencher.iter(|| encoder.forward(&batch, None)));
                },
            );
        }
        group.finish();
    }
}

criterion_group!(benches, forwards);
criterion_main!(benches);
