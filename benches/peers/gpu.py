"""Rightsize beside PyTorch on a GPU, in f32 and in bf16: everything in one go, interleaved, as Markdown.

Usage:  cargo build --release -p benches --bin speed --features cuda
        python benches/peers/gpu.py --work WORK [--minilm MODEL_DIR] [--ids IDS.jsonl] [--help]

WORK takes models, every measured line (results.jsonl) and the tables (tables.md). Without --minilm the encoder has the
sizes of all-MiniLM-L6-v2 and random weights, without --ids its texts are random ids of the lengths of BANKING77's; a pass
costs what its sizes cost. The decoder is that of smollm_shaped.py.

As run.py: first every engine's results are held against ours, which in f32 may differ by 1e-4 on the encoder and 5e-4 on
the decoder, else nothing is timed; then each round runs every engine once, beginning with another one each time. A figure
is the median of the rounds' figures. --check-only stops before timing.

Python 3.11 or newer with torch, transformers, safetensors and numpy; the GPU that `speed` and torch take first.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy

import run

HERE = Path(__file__).resolve().parent
OURS, TORCH = "Rightsize", "PyTorch"
# What scores in 16 bits may be off from f32 by, of the largest: nothing is wrong where they are nearer.
FEWER_BITS = 5e-2


def arguments():
    parser = argparse.ArgumentParser(description="Rightsize beside PyTorch on a GPU")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--ids", type=Path, help="a JSON list of token ids a line, 256 or more")
    parser.add_argument("--speed", type=Path, default=run.REPOSITORY / "target/release/speed", help="the program `speed`")
    parser.add_argument("--device", default="cuda", help="what `speed` calls it")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--prompts", type=int, default=2)
    parser.add_argument("--parts", default="encoder,decoder")
    parser.add_argument("--weights", default="f32,bf16")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no round after so long")
    parser.add_argument("--check-only", action="store_true")
    # What run.py would ask for more: threads and instructions of the CPU, which are all the same here.
    return parser.parse_args(namespace=argparse.Namespace(threads="1", isa="native"))


def prepare(options):
    """Models and ids, as far as they are not there or given."""
    work = options.work
    work.mkdir(parents=True, exist_ok=True)
    if "encoder" in options.parts:
        import torch

        import random_adapters
        import torch_model

        if not options.minilm:
            options.minilm = work / "minilm"
            config = torch_model.transformers.BertConfig(
                hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, dtype="float32"
            )
            torch.manual_seed(7)
            torch_model.transformers.BertModel(config).save_pretrained(options.minilm)
        random_adapters.write(options.minilm, work)
        if not options.ids:
            options.ids = work / "ids.jsonl"
            draw = random.Random(7)
            # The lengths of BANKING77's texts: 6 to 40 tokens and more, half of them under 14.
            lengths = [min(5 + int(draw.lognormvariate(2.1, 0.55)), 100) for _ in range(256)]
            rows = [[101] + [draw.randrange(1000, 30000) for _ in range(length - 2)] + [102] for length in lengths]
            options.ids.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if "decoder" in options.parts:
        run.prepare_decoder(options, "--no-gguf")


def engines(options):
    work, found = options.work, []
    for part in options.parts.split(","):
        model, ids = (options.minilm, options.ids) if part == "encoder" else (work / "smollm/hf", work / "smollm/prompts.jsonl")
        files = ["--model", model, "--ids", ids, *(["--adapter", work / "head"] if part == "encoder" else [])]
        for weights in options.weights.split(","):
            kind = ["--weights", weights]
            ours = [options.speed, "--device", options.device, *files, *kind]
            torch = [sys.executable, HERE / "time_pytorch.py", "--device", options.torch, *files, *kind]
            found.append(run.Engine(f"{OURS}, {weights}", part, ours, "rightsize", weights == "f32"))
            found.append(run.Engine(f"{TORCH}, {weights}", part, torch, "pytorch", weights == "f32"))
    return found


def dumped(engine, options):
    """What an engine computes for its rows, and how long its program took in seconds."""
    begin = time.monotonic()
    results = run.dumped(engine, options)
    return results, time.monotonic() - begin


def check(found, options):
    """Holds the results of the first rows against ours in f32; a table, and how long each program took in seconds."""
    rows, ours, took = ["| engine | model | largest difference from ours in f32 | of the largest number |", "|---|---|---|---|"], {}, {}
    for engine in found:
        small, _ = run.on_few_rows(engine, options, 8)
        try:
            results, took[engine.name, engine.part] = dumped(small, options)
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{engine.name} fails on the {engine.part}: {error.stderr.strip()}") from error
        expected = ours.setdefault(engine.part, results)
        if results.shape != expected.shape:
            raise SystemExit(f"{engine.name} has {results.shape} results, ours {expected.shape}")
        difference, largest = float(numpy.abs(results - expected).max()), float(numpy.abs(expected).max())
        rows.append(f"| {engine.name} | {engine.part} | {difference:.1e} | {difference / largest:.1e} |")
        print(rows[-1], file=sys.stderr)
        most = run.TOLERANCE[engine.part] if engine.exact else FEWER_BITS * largest
        if not difference <= most:
            raise SystemExit(f"{engine.name} and ours differ by {difference} on the {engine.part}: nothing is timed")
    return rows, took


def starts(found, took, options):
    """How long the same few answers take ours from its start, once more: kernels are kept since the first time."""
    rows = ["| engine | model | a program of 8 rows, s: first | again |", "|---|---|---|---|"]
    for engine in (engine for engine in found if engine.kind == "rightsize"):
        small, _ = run.on_few_rows(engine, options, 8)
        _, again = dumped(small, options)
        rows.append(f"| {engine.name} | {engine.part} | {took[engine.name, engine.part]:.1f} | {again:.1f} |")
    return rows


def tables(figures, options):
    out = []
    for weights in options.weights.split(","):
        ours, torch = f"{OURS}, {weights}", f"{TORCH}, {weights}"
        shown = {
            "one text, p50 ms": ("p50_ms", {"part": "encoder", "mode": "single"}),
            "one text, p99 ms": ("p99_ms", {"part": "encoder", "mode": "single"}),
        }
        for size in figures.distinct("batch", part="encoder", mode="batch"):
            for order in figures.distinct("order", part="encoder", mode="batch"):
                about = {"part": "encoder", "mode": "batch", "batch": size, "order": order}
                shown[f"rows a second, batches of {size}, {order}"] = ("rows_per_second", about)
        shown |= {
            "prefill of 400 tokens, p50 ms": ("p50_ms", {"part": "decoder", "mode": "prefill"}),
            "prefill, tokens a second": ("tokens_per_second", {"part": "decoder", "mode": "prefill"}),
            "decode, tokens a second": ("tokens_per_second", {"part": "decoder", "mode": "decode"}),
        }
        out += ["", f"| {weights} | {OURS} | {TORCH} | ratio |", "|---|---|---|---|"]
        for what, (key, about) in shown.items():
            a, b = (figures.median(key, name=name, **about) for name in (ours, torch))
            if a is not None and b is not None:
                out.append(f"| {what} | {a:,.4g} | {b:,.4g} | {a / b:.2f} |")
    return out


def main():
    options = arguments()
    prepare(options)
    import torch
    import torch_model

    options.torch = "cuda" if torch.cuda.is_available() else "cpu"
    found = engines(options)
    about = run.machine() | {
        "GPU": torch.cuda.get_device_name() if options.torch == "cuda" else "none that torch knows",
        "torch": torch.__version__,
        "transformers": torch_model.transformers.__version__,
    }
    checked, took = check(found, options)
    out = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in about.items()), "", *checked]
    if not options.check_only:
        out += ["", *starts(found, took, options)]
        # One process for all modes of an engine: on a GPU each begins by compiling.
        run.measure([(engine, ",".join(run.modes(engine))) for engine in found], options)
        lines = [json.loads(line) for line in (options.work / "results.jsonl").read_text().splitlines()]
        out += tables(run.Figures(lines), options)
        out += ["", f"Medians of {1 + max(line['round'] for line in lines)} rounds."]
    text = "\n".join(out) + "\n"
    (options.work / "tables.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
