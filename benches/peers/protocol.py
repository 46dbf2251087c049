"""What the peers' programs share: their arguments, their batches, the clock, and the line of JSON that they print.

The same protocol as `speed` (benches/src/bin/speed.rs): every mode of `--mode` gives a line, the mode `batch` one for
each size and order. The clock starts when what the engine reads is in memory in the engine's own form, padded, and stops
when scores are: the peers are not charged for laying out a batch, ours is. Not measured: opening the model, and the first
tokens, on which engines prepare themselves.

Python 3.11 or newer, numpy.
"""

import argparse
import ctypes
import json
import math
import time
from pathlib import Path

import numpy

# As in speed.rs: tokens that are computed before the clock starts, and rows whose results --dump writes.
WARM_UP = 400
DUMPED = 16


def arguments(description, **more):
    """The arguments that all have, and some more with their defaults."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--adapter", type=Path, help="a PEFT folder, for its label head; its factors are merged")
    parser.add_argument("--ids", type=Path, required=True, help="a JSON list of token ids a line")
    parser.add_argument("--mode", required=True, help="single, batch, prefill, decode, or several with commas")
    parser.add_argument("--batch", default="8,32,128")
    parser.add_argument("--order", default="given,sorted")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=64, help="tokens to write after each prompt, for decode")
    parser.add_argument("--dump", type=Path, help="where to write the results of the first rows, f32, little end first")
    for name, default in more.items():
        parser.add_argument(f"--{name}", default=default)
    return parser.parse_args()


def read_ids(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def padded(rows):
    """Rows as `[batch, seq]` of ids and of 1 for a token, 0 for padding."""
    longest = max(map(len, rows))
    ids = numpy.zeros((len(rows), longest), dtype=numpy.int64)
    mask = numpy.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask


def batches(ids, size, order):
    """Rows in batches of one size, as given or sorted by length; an incomplete last batch is left out."""
    if order not in ("given", "sorted"):
        raise SystemExit(f"there is no order {order!r}")
    rows = sorted(ids, key=len) if order == "sorted" else ids
    return [rows[start : start + size] for start in range(0, len(rows) - size + 1, size)]


class Work:
    """Some rows in an engine's own form, and how much they are."""

    def __init__(self, rows, prepare):
        self.rows = len(rows)
        self.tokens = sum(map(len, rows))
        self.padded = len(rows) * max(map(len, rows))
        self.input = prepare(rows)


def percentile(sorted_values, share):
    """By nearest rank, as adapter-runtime's `Latency` has it."""
    return sorted_values[max(math.ceil(share * len(sorted_values)), 1) - 1]


def line(about, durations, rows, tokens, padded_tokens):
    """What `--mode` prints; durations are in seconds."""
    ordered, total = sorted(durations), sum(durations)
    return about | {
        "p50_ms": percentile(ordered, 0.50) * 1e3,
        "p99_ms": percentile(ordered, 0.99) * 1e3,
        "rows_per_second": rows / total,
        "tokens_per_second": tokens / total,
        "padding": 1.0 - tokens / padded_tokens,
    }


def timed(work, rounds, forward, about):
    """Does all work `rounds` times, after some of it that is not counted; on a GPU all, as kernels are chosen for each size."""
    warmed, enough = 0, math.inf if about["isa"] == "cuda" else WARM_UP
    for piece in work:
        if warmed >= enough:
            break
        forward(piece.input)
        warmed += piece.tokens
    durations = []
    for _ in range(rounds):
        for piece in work:
            begin = time.perf_counter()
            forward(piece.input)
            durations.append(time.perf_counter() - begin)
    total = [rounds * sum(getattr(piece, name) for piece in work) for name in ("rows", "tokens", "padded")]
    return line(about, durations, *total)


def run_encoder(options, about, prepare, forward):
    """Prints the lines of the modes single and batch; `prepare` takes rows of ids, `forward` what it returns."""
    ids = read_ids(options.ids)
    for mode in options.mode.split(","):
        here = about | {"mode": mode, "threads": options.threads}
        if mode == "single":
            work = [Work([row], prepare) for row in ids]
            print(json.dumps(timed(work, options.rounds, forward, here)), flush=True)
        elif mode == "batch":
            for size in map(int, options.batch.split(",")):
                for order in options.order.split(","):
                    work = [Work(rows, prepare) for rows in batches(ids, size, order)]
                    about_batch = here | {"batch": size, "order": order}
                    print(json.dumps(timed(work, options.rounds, forward, about_batch)), flush=True)
        else:
            raise SystemExit(f"an encoder has no mode {mode!r}")


def run_decoder(options, about, prefill, step):
    """Prints the lines of the modes prefill and decode.

    `prefill` takes a prompt, forgets what was before and returns the scores of its next token; `step` takes one token
    more and returns the scores of the next.
    """
    prompts = read_ids(options.ids)
    for mode in options.mode.split(","):
        here = about | {"mode": mode, "threads": options.threads}
        if mode == "prefill":
            work = [Work([prompt], lambda rows: rows[0]) for prompt in prompts]
            print(json.dumps(timed(work, options.rounds, prefill, here)), flush=True)
        elif mode == "decode":
            durations = []
            for prompt in [prompts[0]] + prompts * options.rounds:
                scores = prefill(prompt)
                durations.append([])
                for _ in range(options.tokens):
                    begin = time.perf_counter()
                    scores = step(int(numpy.argmax(scores)))
                    durations[-1].append(time.perf_counter() - begin)
            counted = [duration for prompt in durations[1:] for duration in prompt]
            print(json.dumps(line(here, counted, len(counted), len(counted), len(counted))), flush=True)
        else:
            raise SystemExit(f"a decoder has no mode {mode!r}")


def dump(path, results):
    """Writes results one after the other, as `speed --dump` does."""
    numpy.concatenate([numpy.asarray(result, dtype="<f4").ravel() for result in results]).tofile(path)


def log_softmax(scores):
    scores = numpy.asarray(scores, dtype=numpy.float64).ravel()
    shifted = scores - scores.max()
    return shifted - numpy.log(numpy.exp(shifted).sum())


def instructions():
    """The widest vectors that the processor says it has: numpy asks it as the engines do, and avx2_only.c answers them."""
    try:
        if ctypes.c_int.in_dll(ctypes.CDLL(None), "avx2_only_answers").value > 0:
            return "avx2"
    except ValueError:
        pass
    from numpy._core._multiarray_umath import __cpu_features__ as features

    return "avx512" if features.get("AVX512F") else "avx2" if features.get("AVX2") else "other"
