//! What an answer costs: `cargo bench -p benches --bench answer`.
//!
//! The model is the tiny decoder of this repository with a fresh adapter, which costs what a trained one does. A
//! text alone on one thread and on all is the baseline of 64 texts together.

use std::{path::Path, sync::Arc};

use adapter_runtime::{Classifier, ServedAdapter};
use base_model::{Adapter, AdapterConfig, BaseModel, LabelScoring, Targets, TaskType, device_by_name};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rayon::ThreadPoolBuilder;
use stage_files::ContentHash;
use task_spec::{Label, Task};

fn classifier(labels: usize) -> Classifier {
    let device = device_by_name("flex").expect("the benches are built with flex");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny-decoder");
    let base = BaseModel::open(&folder, &device).expect("the repository holds the model");
    let config = AdapterConfig {
        r: 16,
        target_modules: Targets::AllLinear,
        ..AdapterConfig::new(base.name(), TaskType::CausalLm)
    };
    let adapter = Adapter::init(config, &base.network, None, 1, &device).expect("the targets are there");
    let labels = (0..labels).map(|index| Label::new(format!("category-{index}")));
    let task = Task::of_labels("spending", labels.collect())
        .expect("the labels are different")
        .with_system("Sort the bank card transaction into one spending category.");
    let served = ServedAdapter {
        adapter,
        task,
        scoring: LabelScoring::OverVocabulary,
        hash: ContentHash::of_bytes(b"fresh"),
    };
    Classifier::new(Arc::new(base), served, &device).expect("the adapter fits")
}

fn answers(criterion: &mut Criterion) {
    let classifier = classifier(47);
    let text = "CARD PURCHASE BAYLEAF MARKET 00412 PORTLAND OR";
    let texts: Vec<String> = (0..64).map(|index| format!("{text} {index}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let one_thread = ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("the system has a thread");

    let mut group = criterion.benchmark_group("one_of_47_labels");
    group.throughput(Throughput::Elements(1));
    group.bench_function("one text, one thread", |bencher| {
        one_thread.install(|| bencher.iter(|| classifier.answer(text).expect("the text is short")));
    });
    group.bench_function("one text, all threads", |bencher| {
        bencher.iter(|| classifier.answer(text).expect("the text is short"));
    });
    group.sample_size(10).throughput(Throughput::Elements(64));
    group.bench_function("64 texts, all threads", |bencher| {
        bencher.iter(|| classifier.answers(&texts).expect("the texts are short"));
    });
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
