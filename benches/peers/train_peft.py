"""PyTorch and PEFT training an adapter: one process is one measurement, and prints one line of JSON.

Usage:  python train_peft.py --model DIR --adapter DIR --rows FILE --batch N [--micro N] [--help]

DIR of --model is a BERT encoder or a Llama decoder, DIR of --adapter a PEFT folder from which training starts: it says
which layers are trained, and for an encoder holds the label head. FILE has a row a line, in the order in which rows are
trained on: {"ids": [...], "class": 17} for an encoder, {"ids": [...], "from": 420} for a decoder, whose tokens from that
index on are its targets. A step takes --batch rows, one after the other, and the last step what is left.

The loop is written out, because that is faster than the Trainer of transformers and so the fairer peer: nothing is logged,
moved or saved in it. In what it computes it is that Trainer: rows padded to the longest of their micro-batch, attention
by torch's scaled_dot_product_attention, AdamW in one fused kernel, the gradient clipped as a whole, bf16 by autocast over
weights in f32, everything eager and no activation computed twice. It differs in two things. The loss is the sum over
targets divided by all targets of the step, never a mean of means. And a decoder's scores are computed from the first
target of a micro-batch on, where the Trainer computes them at every token.

Every row is computed whole. A prompt that rows share is computed with each of them: neither PEFT nor transformers trains
otherwise, though one can write it by hand.

torch, transformers, peft and safetensors as in requirements.txt; Linux.
"""

import argparse
import contextlib
import json
import resource
import time
from pathlib import Path

import torch

import protocol
import torch_model

import peft
from safetensors.torch import save_file

# What cross_entropy leaves out.
NO_TARGET = -100


def arguments():
    parser = argparse.ArgumentParser(description="PyTorch and PEFT training an adapter")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, required=True, help="the PEFT folder from which training starts")
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--batch", type=int, required=True, help="rows of a step")
    parser.add_argument("--micro", type=int, help="rows that are computed at once; all of a step unless told otherwise")
    parser.add_argument("--rate", type=float, default=1e-3, help="of every step")
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--clip", type=float, default=1.0, help="the longest gradient; 0 for any")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=2, help="steps before the clock starts")
    parser.add_argument("--steps", type=int, help="steps in all, with those before the clock; else all")
    parser.add_argument("--weights", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--dump", type=Path, help="where to write what was trained, by PEFT's names")
    return parser.parse_args()


def open_model(options):
    """The base with its adapter, ready for training, and without dropout; whether it is a decoder."""
    config = json.loads((options.model / "config.json").read_text())
    is_decoder = config["model_type"] != "bert"
    settings = peft.PeftConfig.from_pretrained(str(options.adapter))
    settings.lora_dropout = 0.0
    read = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    if is_decoder:
        kind = torch_model.transformers.AutoModelForCausalLM
        read |= {"attention_dropout": 0.0}
    else:
        kind = torch_model.transformers.AutoModelForSequenceClassification
        tensors = torch_model.load_file(str(options.adapter / "adapter_model.safetensors"))
        labels = tensors[torch_model.PREFIX + "classifier.weight"].shape[0]
        read |= {"num_labels": labels, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        read |= {"classifier_dropout": 0.0}
    base = kind.from_pretrained(str(options.model), **read)
    model = peft.PeftModel.from_pretrained(base, str(options.adapter), is_trainable=True, config=settings)
    return model.to(options.device).train(), is_decoder


def targets(row):
    return len(row["ids"]) - row["from"] if "from" in row else 1


def scores_and_wanted(model, rows, device, is_decoder):
    """Scores as `[places, classes or vocab]`, and what is right at each place."""
    ids, mask = (torch.from_numpy(array).to(device) for array in protocol.padded([row["ids"] for row in rows]))
    if not is_decoder:
        wanted = torch.tensor([row["class"] for row in rows], device=device)
        return model(input_ids=ids, attention_mask=mask).logits, wanted
    # A token is predicted from the place before it, so that the last place predicts nothing.
    begin = min(row["from"] for row in rows) - 1
    places = torch.arange(ids.shape[1], device=device)
    starts = torch.tensor([[row["from"]] for row in rows], device=device)
    is_target = (places >= starts) & (mask == 1)
    wanted = ids.masked_fill(~is_target, NO_TARGET)[:, begin + 1 :]
    kept = ids.shape[1] - begin
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False, logits_to_keep=kept).logits[:, :-1]
    return logits.flatten(0, 1), wanted.flatten()


class Training:
    """The model, what is trained of it, and one step after the other."""

    def __init__(self, options):
        self.options = options
        self.model, self.is_decoder = open_model(options)
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=options.rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=options.decay, fused=True
        )

    def autocast(self):
        if self.options.weights == "f32":
            return contextlib.nullcontext()
        return torch.autocast(self.options.device, dtype=torch.bfloat16)

    def step(self, rows):
        """The loss, and the length of the gradient before it was clipped, both as tensors."""
        options = self.options
        total = sum(map(targets, rows))
        size = options.micro or options.batch
        losses = []
        for start in range(0, len(rows), size):
            micro = rows[start : start + size]
            with self.autocast():
                scores, wanted = scores_and_wanted(self.model, micro, options.device, self.is_decoder)
                loss = torch.nn.functional.cross_entropy(
                    scores.float(), wanted, ignore_index=NO_TARGET, reduction="sum"
                )
            loss = loss / total
            loss.backward()
            losses.append(loss.detach())
        if options.clip > 0:
            norm = torch.nn.utils.clip_grad_norm_(self.parameters, options.clip)
        else:
            norm = torch.nn.utils.get_total_norm([parameter.grad for parameter in self.parameters])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return sum(losses), norm


def read_steps(options):
    rows = [json.loads(line) for line in options.rows.read_text().splitlines()]
    steps = [rows[start : start + options.batch] for start in range(0, len(rows), options.batch)][: options.steps]
    if len(steps) <= options.warm_up:
        raise SystemExit(f"{len(steps)} steps, of which {options.warm_up} are not counted: none is left")
    return steps


def now(device):
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    steps = read_steps(options)
    training = Training(options)
    counted = steps[options.warm_up :]
    done = [training.step(rows) for rows in steps[: options.warm_up]]
    begin = now(options.device)
    done += [training.step(rows) for rows in counted]
    seconds = now(options.device) - begin
    rows = sum(map(len, counted))
    line = {
        "engine": "peft",
        "version": f"{torch.__version__} / {peft.__version__}",
        "threads": options.threads,
        "weights": options.weights,
        "isa": torch.backends.cpu.get_cpu_capability().lower() if options.device == "cpu" else options.device,
        "steps": len(counted),
        "rows": rows,
        "tokens": sum(len(row["ids"]) for rows in counted for row in rows),
        "seconds": seconds,
        "rows_per_second": rows / seconds,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "losses": [float(loss) for loss, _ in done],
        "gradient_norms": [float(norm) for _, norm in done],
    }
    if options.device == "cuda":
        line["device_peak_bytes"] = torch.cuda.max_memory_allocated()
    print(json.dumps(line), flush=True)
    if options.dump:
        tensors = peft.get_peft_model_state_dict(training.model, save_embedding_layers=False)
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, str(options.dump))


if __name__ == "__main__":
    main()
