"""Rotary frequencies as transformers computes them, for `rope.json`.

Usage:  ../fixtures/venv.sh DIR && DIR/bin/python rope.py > rope.json

Oracle: transformers 5.23.0 (`ROPE_INIT_FUNCTIONS` and the default formula of its Llama), float32.
"""

import json

from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding


def llama3(theta, factor, original, low=1.0, high=4.0):
    return {
        "rope_type": "llama3",
        "rope_theta": theta,
        "factor": factor,
        "low_freq_factor": low,
        "high_freq_factor": high,
        "original_max_position_embeddings": original,
    }


def yarn(theta, factor, original, **others):
    return {
        "rope_type": "yarn",
        "rope_theta": theta,
        "factor": factor,
        "original_max_position_embeddings": original,
    } | others


CASES = [
    (64, {"rope_type": "default", "rope_theta": 100000.0}),  # SmolLM2
    (128, llama3(500000.0, 8.0, 8192)),  # Llama 3.1
    (64, llama3(500000.0, 32.0, 8192)),  # Llama 3.2
    (16, llama3(500000.0, 8.0, 64)),
    (48, llama3(10000.0, 4.0, 300, low=0.7, high=9.0)),
    (64, {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0}),  # Gemma 3's full layers
    (32, {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0}),
    (128, yarn(1000000.0, 4.0, 32768)),  # Qwen 2.5 for long texts
    (64, yarn(10000.0, 16.0, 64, beta_fast=20.0, beta_slow=2.0, truncate=False)),
    (64, yarn(10000.0, 40.0, 4096, mscale=1.0, mscale_all_dim=0.7)),
    (32, yarn(10000.0, 2.0, 4096, attention_factor=1.3)),
]


def rotary(head_dim, parameters):
    config = LlamaConfig(
        hidden_size=head_dim * 2,
        num_attention_heads=2,
        head_dim=head_dim,
        max_position_embeddings=131072,
        rope_parameters=dict(parameters),
    )
    return LlamaRotaryEmbedding(config)


def row(head_dim, parameters):
    computed = rotary(head_dim, parameters)
    return {
        "head_dim": head_dim,
        "config": {"rope_parameters": parameters},
        "inv_freq": computed.inv_freq.tolist(),
        "attention_scaling": float(computed.attention_scaling),
    }


print(json.dumps([row(*case) for case in CASES]))
