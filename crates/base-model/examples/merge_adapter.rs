//! Folds an adapter into its base and writes a checkpoint that transformers loads by itself.
//!
//! ```text
//! cargo run --release -p base-model --example merge_adapter -- BASE ADAPTER OUT [f32|f16|bf16]
//! ```
//!
//! `BASE` is a model folder, `ADAPTER` a folder in the PEFT format, `OUT` is made if it is not there.
//! `crates/base-model/tests/fixtures/load_merged.py` holds the result against base and adapter in PEFT.
#![expect(clippy::print_stdout, reason = "a program talks to whoever runs it")]

use std::{error::Error, path::Path};

use base_model::{Adapter, Network, Precision, device_by_name};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (base, adapter, out, precision) = match arguments.as_slice() {
        [base, adapter, out] => (base, adapter, out, Precision::F32),
        [base, adapter, out, precision] => {
            let precision = match precision.as_str() {
                "f32" => Precision::F32,
                "f16" => Precision::F16,
                "bf16" => Precision::Bf16,
                other => return Err(format!("precision {other:?} is none of f32, f16 and bf16").into()),
            };
            (base, adapter, out, precision)
        }
        _ => return Err("usage: merge_adapter BASE ADAPTER OUT [f32|f16|bf16]".into()),
    };
    let device = device_by_name("flex")?;
    let network = Network::open(Path::new(base), &device)?;
    let adapter = Adapter::read(Path::new(adapter), &network, &device)?;
    let merged = network.export_merged(Path::new(base), &adapter, Path::new(out), precision)?;
    println!("{} modules changed, written to {out}", merged.modules);
    if merged.untied {
        println!("the output head was the table of tokens and is a matrix of its own now");
    }
    Ok(())
}
