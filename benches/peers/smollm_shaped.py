"""A decoder with the sizes of SmolLM2-135M and random weights, for timing, with prompts.

Usage:  python smollm_shaped.py OUT [PROMPTS] [--no-gguf]

What a pass costs depends on the sizes and not on the weights, and the real checkpoint is no part of this repository. The
sizes are those of HuggingFaceTB/SmolLM2-135M (Ben Allal et al. 2025, arXiv:2502.02737): 30 blocks, 576 numbers a state, 9
heads, 3 of them for keys, 1536 in the feed-forward layer, 49,152 tokens, head tied to the token table; 134.5 million
parameters. Weights are normal with deviation 0.0417, as that model was initialised, gains of norms 1 with deviation 0.1,
seed 7.

Writes OUT/hf (config.json, model.safetensors in f32), OUT/f32.gguf, OUT/f16.gguf and OUT/q8_0.gguf for llama.cpp unless
told otherwise, and OUT/prompts.jsonl: PROMPTS lists (8 unless told otherwise) of 400 random token ids.

numpy and safetensors, and gguf for llama.cpp's files, as in requirements.txt.
"""

import argparse
import json
from pathlib import Path

import numpy
from safetensors.numpy import save_file

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "attention_bias": False,
    "hidden_act": "silu",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "mlp_bias": False,
    "model_type": "llama",
    "num_attention_heads": 9,
    "num_hidden_layers": 30,
    "num_key_value_heads": 3,
    "rms_norm_eps": 1e-5,
    "rope_theta": 100000.0,
    "tie_word_embeddings": True,
    "vocab_size": 49152,
}
D_HEAD = CONFIG["hidden_size"] // CONFIG["num_attention_heads"]
PROMPT_TOKENS = 400

# What llama.cpp calls the parts of a block.
GGUF_NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def weights():
    """All tensors by transformers' names, as `[d_output, d_input]`."""
    random = numpy.random.default_rng(7)
    d_model, d_ff = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    d_kv = CONFIG["num_key_value_heads"] * D_HEAD
    matrix = lambda *shape: (random.standard_normal(shape, dtype=numpy.float32) / 24.0).astype(numpy.float32)
    gain = lambda: (1.0 + 0.1 * random.standard_normal(d_model)).astype(numpy.float32)
    tensors = {"model.embed_tokens.weight": matrix(CONFIG["vocab_size"], d_model)}
    for layer in range(CONFIG["num_hidden_layers"]):
        shapes = {
            "self_attn.q_proj": (d_model, d_model),
            "self_attn.k_proj": (d_kv, d_model),
            "self_attn.v_proj": (d_kv, d_model),
            "self_attn.o_proj": (d_model, d_model),
            "mlp.gate_proj": (d_ff, d_model),
            "mlp.up_proj": (d_ff, d_model),
            "mlp.down_proj": (d_model, d_ff),
        }
        for name, shape in shapes.items():
            tensors[f"model.layers.{layer}.{name}.weight"] = matrix(*shape)
        for name in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"model.layers.{layer}.{name}.weight"] = gain()
    tensors["model.norm.weight"] = gain()
    return tensors


def interleaved(matrix):
    """A query or key matrix for llama.cpp, which turns neighbouring pairs where transformers turns halves."""
    rows, columns = matrix.shape
    halves = matrix.reshape(rows // D_HEAD, 2, D_HEAD // 2, columns)
    return numpy.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))


def gguf_name(name):
    special = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if name in special:
        return special[name]
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{GGUF_NAMES[part]}.weight"


def write_gguf(path, tensors, kind):
    import gguf

    kind = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("smollm-shaped")
    writer.add_context_length(CONFIG["max_position_embeddings"])
    writer.add_embedding_length(CONFIG["hidden_size"])
    writer.add_block_count(CONFIG["num_hidden_layers"])
    writer.add_feed_forward_length(CONFIG["intermediate_size"])
    writer.add_head_count(CONFIG["num_attention_heads"])
    writer.add_head_count_kv(CONFIG["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(CONFIG["rms_norm_eps"])
    writer.add_rope_dimension_count(D_HEAD)
    writer.add_rope_freq_base(CONFIG["rope_theta"])
    writer.add_vocab_size(CONFIG["vocab_size"])
    # Ids go in and come out: no text, no tokenizer.
    writer.add_tokenizer_model("no_vocab")
    file_type = {"F32": "ALL_F32", "F16": "MOSTLY_F16", "Q8_0": "MOSTLY_Q8_0"}[kind.name]
    writer.add_file_type(gguf.LlamaFileType[file_type])
    for name, tensor in tensors.items():
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            tensor = interleaved(tensor)
        stored = kind if tensor.ndim == 2 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(gguf_name(name), gguf.quants.quantize(tensor, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(out, prompts, has_gguf):
    (out / "hf").mkdir(parents=True, exist_ok=True)
    tensors = weights()
    (out / "hf" / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    save_file(tensors, str(out / "hf" / "model.safetensors"), metadata={"format": "pt"})
    for kind in ("F32", "F16", "Q8_0") if has_gguf else ():
        write_gguf(out / f"{kind.lower()}.gguf", tensors, kind)
    random = numpy.random.default_rng(8)
    rows = random.integers(0, CONFIG["vocab_size"], (prompts, PROMPT_TOKENS)).tolist()
    (out / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A decoder with the sizes of SmolLM2-135M and random weights")
    parser.add_argument("out", type=Path)
    parser.add_argument("prompts", type=int, nargs="?", default=8)
    parser.add_argument("--no-gguf", action="store_true", help="write nothing for llama.cpp")
    given = parser.parse_args()
    main(given.out, given.prompts, has_gguf=not given.no_gguf)
