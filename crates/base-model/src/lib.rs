//! Open-weight transformers on burn, read from Hugging Face folders, with LoRA adapters in the PEFT format.
//!
//! Use this crate to run an encoder (BERT, ModernBERT) or a decoder (Llama, Mistral, Qwen, Gemma) and to read, make, write
//! and merge adapters for it. To
//! train an adapter use `lora-train`; to serve answers with legal labels and probabilities use
//! `adapter-runtime`. Both stand on this crate and meet only in the adapter folder.
//!
//! # Quick start
//!
//! A tiny random encoder with a LoRA adapter, from the files beside this crate's tests:
//!
//! ```
//! use base_model::{Adapter, Network, TokenBatch, device_by_name};
//! use std::path::Path;
//!
//! let device = device_by_name("flex")?;
//! let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bert");
//! let network = Network::open(&folder, &device)?;
//! let adapter = Adapter::read(&folder.join("adapter_lora"), &network, &device)?;
//!
//! let Network::Encoder(encoder) = &network else { unreachable!("the folder holds a BERT") };
//! let batch = TokenBatch::new(&[vec![2, 17, 40, 3], vec![2, 99, 3]], 0, &device);
//! let states = encoder.forward(&batch, Some(&adapter)); // [batch, seq, d_model]
//! let scores = adapter.classify(encoder.pool(states, &batch, Some(&adapter))).expect("the adapter has a head");
//! assert_eq!(scores.dims(), [2, 5]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Notation
//!
//! `batch` rows, `seq` tokens a row, `d_model` numbers a token's state, `n_heads` heads of `d_head` numbers,
//! `d_ff` numbers inside a feed-forward layer, `vocab` tokens, `rank` of an adapter, `classes` labels.
//!
//! # The pieces, from the folder to the scores
//!
//! - [`BaseModel`]: a folder as a whole. [`ModelConfig`] refuses every field that it would have to ignore;
//!   [`WeightFiles`] reads safetensors, single or sharded, in f32, f16 or bf16; [`base_hash`] names a base by
//!   content.
//! - [`Tokenizer`] and [`ChatTemplate`]: text and chats to ids. What a user types is only ever text. A template that
//!   prints the day is told a [`ChatDate`], never the clock's.
//! - [`Network`]: [`Encoder`] or [`Decoder`], frozen. A forward pass takes a [`TokenBatch`] and, if wanted, an
//!   adapter; a [`TokenTree`] scores many continuations of a prompt at once, a [`Prefix`] is what many rows begin
//!   with, computed once; [`Decoder::generate`] writes token after token. A [`WeightFormat`] holds matrices in fewer bits.
//! - [`Adapter`]: low-rank factors as two thin products (LoRA, rank-stabilised, DoRA, activated), modules that are
//!   replaced, and a label head; many adapters share one network. [`Network::merge`] folds one into the weights,
//!   [`Network::export_merged`] writes what transformers loads without it.
//! - [`device_by_name`]: flex, wgpu or cuda.
//!
//! # Errors and panics
//!
//! [`ModelError`] and [`AdapterError`] name the file and the field or tensor at fault. Nothing panics on what
//! a file holds; shapes that a caller gets wrong panic in burn, as its tensors do.
//!
//! # Features
//!
//! | feature | default | what |
//! |---|---|---|
//! | `flex` | no | burn's CPU backend, with fused operations |
//! | `wgpu` | no | burn's WebGPU backend |
//! | `cuda` | no | burn's CUDA backend |
//! | `hub` | no | `Hub` and `resolve`: models of the Hugging Face Hub by name, through its cache; without it no socket is opened |

mod adapter;
mod batch;
mod chat;
mod config;
mod decoder;
mod device;
mod encoder;
mod error;
#[cfg(feature = "hub")]
mod hub;
mod kernels;
mod label_choices;
mod label_trie;
mod layers;
mod merge;
mod model;
mod network;
mod pass;
mod tokenizer;
mod weights;

pub use adapter::{Adapter, AdapterConfig, AdapterError, ByPattern, Parameter, Targets, TaskType};
pub use batch::{TokenBatch, TokenTree};
pub use chat::{ChatDate, ChatDateError, ChatTemplate};
pub use config::{
    Activation, DecoderConfig, EncoderConfig, LayerConfig, Llama3Scaling, ModelConfig, Pooling, Rope,
    RopeScaling, YarnScaling, base_hash,
};
pub use decoder::{Decoder, DecoderPass, Generation, Prefix, TokenHead};
pub use device::{DeviceError, device_by_name, device_names, instruction_set};
pub use encoder::{Encoder, EncoderPass, mean_pool};
pub use error::{ConfigError, ModelError, TokenizerError, WeightsError};
#[cfg(feature = "hub")]
pub use hub::{Hub, HubError, resolve};
pub use label_choices::{LabelChoices, NextTokens};
pub use label_trie::{LabelScoring, LabelTrie, LabelTrieError, SameTokens, TriePart, TrieStep};
pub use merge::{MergeError, Merged};
pub use model::BaseModel;
pub use network::{ModuleKind, Network, Slot};
pub use tokenizer::Tokenizer;
pub use weights::{
    HostTensor, Precision, TensorSource, WeightFiles, WeightFormat, WeightWriter, WeightWriterError,
};
