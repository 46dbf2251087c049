"""The label model in PyTorch: a BERT encoder of transformers, its pooler, and a linear head from a PEFT folder.

Low-rank factors of the folder are added to the weights, as one does before one exports a model.

torch, transformers and safetensors as in requirements.txt.
"""

import json
import math
import os
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from safetensors.torch import load_file

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

PREFIX = "base_model.model."


class LabelModel(torch.nn.Module):
    """Last states of all tokens, and scores of all labels from the pooled first one."""

    def __init__(self, encoder, head):
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.encoder(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return out.last_hidden_state, self.head(out.pooler_output)


def read(model_dir, adapter_dir, attention):
    """`attention` is transformers' name of an implementation: "sdpa" is its default, "eager" is what exports well."""
    encoder = transformers.BertModel.from_pretrained(
        str(model_dir), attn_implementation=attention, dtype=torch.float32
    )
    config = json.loads((Path(adapter_dir) / "adapter_config.json").read_text())
    for field in ("rank_pattern", "alpha_pattern", "use_dora"):
        if config.get(field):
            raise SystemExit(f"{adapter_dir}: {field} is not merged here")
    scale = config["lora_alpha"] / (math.sqrt(config["r"]) if config.get("use_rslora") else config["r"])
    tensors = load_file(str(Path(adapter_dir) / "adapter_model.safetensors"))
    for name, a in tensors.items():
        if name.endswith(".lora_A.weight"):
            path = name.removesuffix(".lora_A.weight")
            layer = encoder.get_submodule(path.removeprefix(PREFIX + "bert."))
            layer.weight.data += scale * tensors[f"{path}.lora_B.weight"] @ a
    weight = tensors[PREFIX + "classifier.weight"]
    head = torch.nn.Linear(weight.shape[1], weight.shape[0])
    head.weight.data, head.bias.data = weight, tensors[PREFIX + "classifier.bias"]
    return LabelModel(encoder, head).eval()


def tensors(ids, mask):
    """A padded batch as the model's three inputs."""
    ids, mask = torch.from_numpy(ids), torch.from_numpy(mask)
    return ids, mask, torch.zeros_like(ids)
