"""Random adapters of an encoder, for timing, for a task of 77 labels, seed 7.

Usage:  python random_adapters.py MODEL_DIR OUT

- OUT/head: a label head, and a rank-1 update of the pooler that is zero, because a PEFT folder has at least one;
- OUT/lora16: the same head with an update of rank 16 on every linear layer, none of them zero, for timing how an adapter
  that is not merged is served.

torch, transformers and safetensors as in requirements.txt.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import torch_model

LABELS = 77


def write_adapter(folder, config, layers, rank, zero):
    random = torch.Generator().manual_seed(7)
    normal = lambda *shape: 0.02 * torch.randn(*shape, generator=random)
    head = {"classifier.weight": normal(LABELS, config.hidden_size), "classifier.bias": normal(LABELS)}
    factors = {}
    for path, layer in layers.items():
        factors[f"bert.{path}.lora_A.weight"] = normal(rank, layer.in_features)
        factors[f"bert.{path}.lora_B.weight"] = normal(layer.out_features, rank) * (0.0 if zero else 1.0)
    folder.mkdir(parents=True, exist_ok=True)
    named = {torch_model.PREFIX + name: tensor.contiguous() for name, tensor in (head | factors).items()}
    save_file(named, str(folder / "adapter_model.safetensors"))
    about = {
        "base_model_name_or_path": "encoder",
        "bias": "none",
        "lora_alpha": 2 * rank,
        "modules_to_save": ["classifier", "score"],
        "peft_type": "LORA",
        "r": rank,
        "target_modules": sorted(layers),
        "task_type": "SEQ_CLS",
    }
    (folder / "adapter_config.json").write_text(json.dumps(about, indent=2) + "\n")


def write(model_dir, out):
    encoder = torch_model.transformers.BertModel.from_pretrained(str(model_dir))
    layers = {name: layer for name, layer in encoder.named_modules() if isinstance(layer, torch.nn.Linear)}
    pooler = {name: layer for name, layer in layers.items() if name.startswith("pooler.")}
    write_adapter(Path(out) / "head", encoder.config, pooler, 1, zero=True)
    write_adapter(Path(out) / "lora16", encoder.config, layers, 16, zero=False)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    write(*sys.argv[1:])
