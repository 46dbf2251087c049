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


CASES = [
    (64, {"rope_type": "default", "rope_theta": 100000.0}),  # SmolLM2
    (128, llama3(500000.0, 8.0, 8192)),  # Llama 3.1
    (64, llama3(500000.0, 32.0, 8192)),  # Llama 3.2
    (16, llama3(500000.0, 8.0, 64)),
    (48, llama3(10000.0, 4.0, 300, low=0.7, high=9.0)),
]


def frequencies(head_dim, parameters):
    config = LlamaConfig(
        hidden_size=head_dim * 2,
        num_attention_heads=2,
        head_dim=head_dim,
        max_position_embeddings=131072,
        rope_parameters=dict(parameters),
    )
    return LlamaRotaryEmbedding(config).inv_freq.tolist()


rows = [
    {"head_dim": d, "config": {"rope_parameters": p}, "inv_freq": frequencies(d, p)} for d, p in CASES
]
print(json.dumps(rows))
