//! The names of an encoder's tensors.

use crate::{EncoderConfig, Pooling};

/// Where a checkpoint keeps what; names in a layer stand after `layers` and the layer's number.
#[derive(Debug)]
pub(super) struct Names {
    /// What task models put before every name but that of their head.
    pub(super) task_prefix: &'static str,
    pub(super) tokens: &'static str,
    pub(super) embedding_norm: &'static str,
    pub(super) layers: &'static str,
    /// One matrix for all, or three.
    pub(super) query_key_value: &'static [&'static str],
    pub(super) attention_output: &'static str,
    pub(super) attention_norm: &'static str,
    pub(super) up: &'static str,
    pub(super) down: &'static str,
    pub(super) feed_forward_norm: &'static str,
    pub(super) last_norm: Option<&'static str>,
    pub(super) pooler: &'static str,
    pub(super) pooler_norm: Option<&'static str>,
    /// The first part of the names that stand beside the encoder in task models; empty if none does.
    pub(super) head: &'static str,
}

const BERT: Names = Names {
    task_prefix: "bert.",
    tokens: "embeddings.word_embeddings",
    embedding_norm: "embeddings.LayerNorm",
    layers: "encoder.layer",
    query_key_value: &[
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
    ],
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    feed_forward_norm: "output.LayerNorm",
    last_norm: None,
    pooler: "pooler.dense",
    pooler_norm: None,
    head: "",
};

const MODERN_BERT: Names = Names {
    task_prefix: "model.",
    tokens: "embeddings.tok_embeddings",
    embedding_norm: "embeddings.norm",
    layers: "layers",
    query_key_value: &["attn.Wqkv"],
    attention_output: "attn.Wo",
    attention_norm: "attn_norm",
    up: "mlp.Wi",
    down: "mlp.Wo",
    feed_forward_norm: "mlp_norm",
    last_norm: Some("final_norm"),
    pooler: "head.dense",
    pooler_norm: Some("head.norm"),
    head: "head",
};

impl Names {
    pub(super) fn of(config: &EncoderConfig) -> &'static Self {
        match config.pooling {
            Pooling::Pooler => &BERT,
            Pooling::Prediction { .. } => &MODERN_BERT,
        }
    }

    /// Whether a path stands beside the encoder in task models.
    pub(super) fn is_outside(&self, path: &str) -> bool {
        !self.head.is_empty() && path.split('.').next() == Some(self.head)
    }
}
