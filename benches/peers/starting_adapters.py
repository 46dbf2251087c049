"""A fresh adapter as PEFT makes it, from which every trainer starts.

Usage:  python starting_adapters.py MODEL_DIR OUT [--rank 16] [--labels 77] [--invocation 5,6,7]

Low-rank factors on every linear layer ("all-linear": of an encoder its pooler too, of a decoder not its output head), alpha
twice the rank, A by Kaiming's rule and B zero, no dropout, seed 7. An encoder needs --labels: its head is trained whole
and lies in the folder, as PEFT has it for the task SEQ_CLS. With --invocation a decoder's adapter is an activated one: it
acts from these tokens on (Greenewald et al. 2025, arXiv:2504.12397).

torch, transformers and peft as in requirements.txt.
"""

import argparse
import json
from pathlib import Path

import torch

import torch_model

import peft

SEED = 7


def write(model_dir, out, rank, labels=None, invocation=None):
    torch.manual_seed(SEED)
    if labels:
        kind, task = torch_model.transformers.AutoModelForSequenceClassification, peft.TaskType.SEQ_CLS
        base = kind.from_pretrained(str(model_dir), dtype=torch.float32, num_labels=labels)
    else:
        kind, task = torch_model.transformers.AutoModelForCausalLM, peft.TaskType.CAUSAL_LM
        base = kind.from_pretrained(str(model_dir), dtype=torch.float32)
    settings = peft.LoraConfig(
        task_type=task,
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        alora_invocation_tokens=invocation,
    )
    model = peft.get_peft_model(base, settings)
    # A path of this machine means nothing on another.
    model.peft_config["default"].base_model_name_or_path = Path(model_dir).name
    model.save_pretrained(str(out), save_embedding_layers=False)
    saved = torch_model.load_file(str(Path(out) / "adapter_model.safetensors"))
    if labels and torch_model.PREFIX + "classifier.weight" not in saved:
        raise SystemExit(f"{out} has no label head: {json.dumps(sorted(saved))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A fresh adapter as PEFT makes it")
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--labels", type=int, help="classes of an encoder's label head")
    parser.add_argument("--invocation", help="token ids with commas, for an activated adapter of a decoder")
    given = parser.parse_args()
    tokens = [int(token) for token in given.invocation.split(",")] if given.invocation else None
    write(given.model, given.out, given.rank, given.labels, tokens)
