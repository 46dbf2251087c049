"""Rightsize beside PyTorch and PEFT, both training: everything in one go, interleaved, as Markdown and as curves.

Usage:  cargo build --release -p benches --bin train_speed
        benches/peers/venv.sh DIR
        DIR/bin/python benches/peers/train.py --model MINILM_DIR --data BANKING77_DIR --work WORK [--help]

WORK takes models, starting adapters and rows, every measured line as it comes (training.jsonl, to which later runs are
added), the tables (training.md) and the curves (growth.svg). Adapters and models that are already there are not made
again. What is shown of a part is its newest run; --report only shows what was measured before.

Parts:
- banking77: an encoder learns the 77 labels of BANKING77, an adapter of rank 16 on all linear layers, 32 rows a step. One
  epoch, after two steps that are not counted and do the epoch's first rows. Where a processor multiplies bfloat16, both
  do it in bfloat16 too; what ours is held against is PEFT in f32 in either case.
- prompt: a decoder of the sizes of SmolLM2-135M learns the last 4 of 20 tokens that come after a prompt of 400 that all
  rows share, 32 rows a step. Ours computes the prompt with every row (whole), once a step (once) or, of an activated
  adapter, once a run (cached); PEFT with every row.
- growth: how rows a second change with the rank, the rows of a step, the labels, the threads (the encoder, from what
  banking77 has, one of them at a time) and the prompt (the decoder, 8 rows a step).

Every trainer starts from the same adapter and sees the same rows in the same order, so that their losses can be held
against each other step by step; the report does. Each round runs every trainer of a part once in every setting, ours and
PEFT after each other, so that whatever else the machine does falls on both. A figure is the median of the rounds'
figures. Peak memory is that of the whole process, the model included.

Python 3.11 or newer with the packages of requirements.txt, Linux.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import run
import training_rows

OURS, PEFT, ACTIVATED = "Rightsize", "PEFT", "PEFT, activated"
OURS_BF16, PEFT_BF16 = f"{OURS}, bf16", f"{PEFT}, bf16"
PROMPT_WAYS = ("whole", "once", "cached")
# What each way of ours is held against: the peer that computes the same adapter.
PEER = {OURS: PEFT, OURS_BF16: PEFT} | {f"{OURS}, {way}": ACTIVATED if way == "cached" else PEFT for way in PROMPT_WAYS}

WARM_UP = 2
BASE = {"rank": 16, "batch": 32, "labels": 77}
# What growth tries of each, beside the above.
RANKS, BATCHES, LABELS, PROMPTS = (4, 16, 64), (8, 32, 128), (10, 77, 500), (0, 100, 400, 1000)
# Rows that each setting of growth counts: the same ones whatever the batch, which divides them.
GROWTH_ROWS = 1280
PROMPT_BATCH, GROWTH_PROMPT_BATCH, PROMPT = 32, 8, 400
# A decoder's steps are counted until they have computed so many tokens, at least 1 of them and at most 32. One step of 32
# whole rows takes PyTorch 40 seconds on two cores.
TOKENS = {"cpu": 16_000, "cuda": 1_000_000}
# Tokens of whole rows that a decoder computes at once on a CPU, where more make PyTorch slower: 4 and 8 rows of 420 tokens
# take the same time, 16 half as much again, and the process then has 8, 13 and 16 GB. On a GPU a step is computed at once.
MICRO_TOKENS = 2048

# How far losses in f32 may be from each other in the first steps, in nats; later ones are told too. Both sum in an order
# of their own, and what that does to AdamW's steps grows with every step.
TOLERANCE, FIRST = 1e-3, 10


def arguments():
    parser = argparse.ArgumentParser(description="Rightsize beside PyTorch and PEFT, both training")
    target = Path(os.environ.get("CARGO_TARGET_DIR", run.REPOSITORY / "target"))
    parser.add_argument("--ours", type=Path, default=target / "release" / "train_speed", help="the program `train_speed`")
    parser.add_argument("--model", type=Path, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--data", type=Path, help="the folder of BANKING77's train.csv")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5, help="growth has half as many")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", default="banking77,prompt,growth", help="some of the parts, with commas")
    parser.add_argument("--weights", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--rows", type=int, help="rows of an epoch; all unless told otherwise")
    parser.add_argument("--report", action="store_true", help="only show what was measured before")
    return parser.parse_args()


class Run:
    """A trainer in one setting. What `about` says of the setting is written beside what was measured."""

    def __init__(self, part, name, options, flags, **about):
        self.part, self.name, self.about = part, name, about
        is_ours = name.startswith(OURS)
        program = [options.ours] if is_ours else [sys.executable, run.HERE / "train_peft.py"]
        flags = {"warm-up": WARM_UP, "weights": options.weights} | flags
        if options.device != "cpu":
            flags["device"] = options.device
        self.command = [*program, *(word for flag, value in flags.items() for word in (f"--{flag}", value))]

    def line(self):
        """What it prints, with what is known of the setting; a CalledProcessError where it fails."""
        command = list(map(str, self.command))
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=7200)
        return json.loads(done.stdout) | {"part": self.part, "name": self.name} | self.about


def starting_adapter(options, model, name, *flags):
    """A folder with an adapter of PEFT's, made where it is not there yet."""
    folder = options.work / "start" / name
    if not (folder / "adapter_model.safetensors").is_file():
        run.script("starting_adapters.py", model, folder, *flags)
    return folder


def encoder_runs(part, options, rows, about):
    """Ours and PEFT on the encoder, in the setting `about`."""
    rank, labels, batch = about["rank"], about["labels"], about["batch"]
    if labels != BASE["labels"]:
        rows = training_rows.relabelled(rows, labels)
    file = options.work / "rows" / f"{part}-{batch}-{labels}.jsonl"
    batches = training_rows.batches(rows, batch)
    training_rows.write(file, [row for rows in [*batches[:WARM_UP], *batches] for row in rows])
    name = f"encoder-{rank}-{labels}"
    adapter = starting_adapter(options, options.model, name, "--rank", rank, "--labels", labels)
    flags = {"model": options.model, "adapter": adapter, "rows": file, "batch": batch, "threads": about["threads"]}
    found = [Run(part, name, options, flags, **about) for name in (OURS, PEFT)]
    if part == "banking77" and options.weights == "f32" and multiplies_bf16(options.device):
        flags |= {"weights": "bf16"}
        found += [Run(part, name, options, flags, **about) for name in (OURS_BF16, PEFT_BF16)]
    return found


def multiplies_bf16(device):
    return device == "cuda" or " avx512_bf16" in Path("/proc/cpuinfo").read_text()


def banking77_runs(options, rows):
    return encoder_runs("banking77", options, rows, BASE | {"threads": options.threads})


def prompt_runs(part, options, length, batch):
    """The decoder on rows after a prompt, each way in which ours can compute it, and PEFT."""
    model = options.work / "smollm" / "hf"
    plain = starting_adapter(options, model, "decoder-16", "--rank", 16)
    file = options.work / "rows" / f"{part}-prompt-{length}.jsonl"
    found, longest = [], 0
    for name in (f"{OURS}, whole", f"{OURS}, once", PEFT, f"{OURS}, cached", ACTIVATED):
        is_activated = name in (f"{OURS}, cached", ACTIVATED)
        # Nothing calls an activated adapter where there is no prompt, and nothing is shared.
        if length == 0 and (is_activated or name != PEFT and not name.endswith("whole")):
            continue
        if part == "growth" and name == ACTIVATED:
            continue
        adapter = plain
        if is_activated:
            invocation = ",".join(map(str, training_rows.invocation()))
            adapter = starting_adapter(options, model, "decoder-16-activated", "--rank", 16, "--invocation", invocation)
        is_whole = name in (f"{OURS}, whole", PEFT, ACTIVATED)
        row = training_rows.ROW_TOKENS
        computed = batch * (length + row) if is_whole else length + batch * row
        counted = max(1, min(32, TOKENS[options.device] // computed))
        warm_up = min(WARM_UP, counted)
        longest = max(longest, warm_up + counted)
        flags = {"model": model, "adapter": adapter, "rows": file, "batch": batch, "threads": options.threads}
        flags |= {"warm-up": warm_up, "steps": warm_up + counted}
        if is_whole and options.device == "cpu":
            flags["micro"] = max(1, min(batch, MICRO_TOKENS // (length + row)))
        if name.startswith(OURS):
            flags["prompt"] = name.removeprefix(f"{OURS}, ")
        about = {"prompt": length, "batch": batch, "rank": 16, "threads": options.threads}
        found.append(Run(part, name, options, flags, **about))
    training_rows.write(file, training_rows.after_prompt(length, longest * batch))
    return found


def growth_runs(options, rows):
    base = BASE | {"threads": options.threads}
    fewer = [2**power for power in range(options.threads.bit_length()) if 2**power < options.threads]
    tried = {"rank": RANKS, "batch": BATCHES, "labels": LABELS, "threads": fewer}
    settings = [base] + [base | {axis: value} for axis, values in tried.items() for value in values if value != base[axis]]
    found = [one for about in settings for one in encoder_runs("growth", options, rows[:GROWTH_ROWS], about)]
    return found + [one for length in PROMPTS for one in prompt_runs("growth", options, length, GROWTH_PROMPT_BATCH)]


def plan(options):
    """The runs of a round of each part, once all that they need is there."""
    parts, found = options.part.split(","), {}
    for part in parts:
        if part not in ("banking77", "prompt", "growth"):
            raise SystemExit(f"there is no part {part!r}")
    rows = []
    if "banking77" in parts or "growth" in parts:
        if not options.model or not options.data:
            raise SystemExit("the encoder needs --model and --data")
        # Drawn once for all parts: the file is ordered by class.
        rows = training_rows.drawn(training_rows.banking77(options.model, options.data), options.rows)
    if "prompt" in parts or "growth" in parts:
        if not (options.work / "smollm" / "hf" / "model.safetensors").is_file():
            run.script("smollm_shaped.py", options.work / "smollm", 1, "--no-gguf")
    for part in parts:
        if part == "banking77":
            found[part] = banking77_runs(options, rows)
        elif part == "prompt":
            found[part] = prompt_runs("prompt", options, PROMPT, PROMPT_BATCH)
        else:
            found[part] = growth_runs(options, rows)
    return found


def measure(found, options, file, began):
    """All rounds of all parts, each line written as it comes."""
    for part, runs in found.items():
        lost = set()
        for number in range((options.rounds + 1) // 2 if part == "growth" else options.rounds):
            begin = time.monotonic()
            for one in runs:
                if one in lost:
                    continue
                try:
                    line = one.line()
                except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                    lost.add(one)
                    said = (error.stderr or "").strip().splitlines()[-3:]
                    print(f"{part}: {one.name} {one.about} is left out: {error}; {' '.join(said)}", file=sys.stderr)
                    continue
                file.write(json.dumps(line | {"run": began, "round": number}) + "\n")
                file.flush()
            print(f"{part}, round {number + 1}: {time.monotonic() - begin:.0f} s", file=sys.stderr)


def newest(lines):
    """Of every part the lines of its newest run, and the machines on which these ran."""
    measured = [line for line in lines if "part" in line]
    last = {line["part"]: line["run"] for line in measured}
    chosen = [line for line in measured if line["run"] == last[line["part"]]]
    # Written at a run's start and again at its end.
    machines = {line["run"]: line["machine"] for line in lines if "machine" in line}
    return run.Figures(chosen), [machines[began] for began in dict.fromkeys(last.values())]


def ratio(figures, name, **wanted):
    """Rows a second as a part of its peer's."""
    ours, peer = (figures.median("rows_per_second", name=which, **wanted) for which in (name, PEER.get(name)))
    return f"{ours / peer:.2f}" if ours is not None and peer is not None else ""


def table(figures, part, with_epoch, **wanted):
    """The trainers of one setting."""
    wanted |= {"part": part}
    out = ["| trainer | rows a second | lowest and highest of the rounds | tokens a second | peak memory, MiB | times its peer's rows |"]
    out += ["|---|---|---|---|---|---|"]
    if with_epoch:
        out = [line + end for line, end in zip(out, (" seconds an epoch |", "---|"))]
    for name in figures.distinct("name", **wanted):
        rates = figures.values("rows_per_second", name=name, **wanted)
        tokens = figures.median("tokens", name=name, **wanted)
        seconds = figures.median("seconds", name=name, **wanted)
        peak = figures.median("peak_bytes", name=name, **wanted) / 2**20
        row = [name, f"{statistics.median(rates):.4g}", f"{min(rates):.4g} to {max(rates):.4g}", f"{tokens / seconds:.4g}"]
        row += [f"{peak:.0f}", ratio(figures, name, **wanted)] + ([f"{seconds:.1f}"] if with_epoch else [])
        out.append(f"| {' | '.join(row)} |")
    return out


def differences(figures, part):
    """How far the losses of ours are from those of its peer."""
    out = [f"| losses beside its peer's | steps | largest difference in the first {FIRST} | in all | of the first gradient's length |"]
    out += ["|---|---|---|---|---|"]
    warnings = []
    for name in figures.distinct("name", part=part):
        found = [figures.values(key, part=part, name=which) for key in ("losses", "gradient_norms") for which in (name, PEER.get(name))]
        if not all(found):
            continue
        losses, peer_losses, norms, peer_norms = (values[0] for values in found)
        apart = [abs(ours - peer) for ours, peer in zip(losses, peer_losses)]
        length = abs(norms[0] / peer_norms[0] - 1.0)
        out.append(f"| {name} | {len(apart)} | {max(apart[:FIRST]):.1e} | {max(apart):.1e} | {length:.1e} |")
        is_f32 = figures.values("weights", part=part, name=name)[0] == "f32"
        if is_f32 and not max(apart[:FIRST]) <= TOLERANCE:
            warnings.append(f"{name} and {PEER[name]} do not compute the same: these figures say nothing.")
    return ["", *out, *(["", *warnings] if warnings else [])]


def growth_tables(figures, curves):
    out = []
    for axis, said in curves.AXES.items():
        wanted = curves.along(figures, axis)
        if wanted is None:
            continue
        names = figures.distinct("name", **wanted)
        out += ["", f"| {said} | {' | '.join(names)} | ours, times PEFT's |"]
        out += ["|---" * (len(names) + 2) + "|"]
        for value in sorted(figures.distinct(axis, **wanted)):
            here = wanted | {axis: value}
            cells, ratios = [], []
            for name in names:
                rate, peak = (figures.median(key, name=name, **here) for key in ("rows_per_second", "peak_bytes"))
                cells.append("" if rate is None else f"{rate:.4g} ({peak / 2**20:.0f})")
                peft = figures.median("rows_per_second", name=PEFT, **here)
                if rate is not None and peft is not None and name != PEFT:
                    ratios.append(f"{rate / peft:.2f}")
            out.append(f"| {value} | {' | '.join(cells)} | {', '.join(ratios)} |")
    return out


def report(options):
    import curves

    text = (options.work / "training.jsonl").read_text()
    figures, machines = newest([json.loads(line) for line in text.splitlines()])
    out = []
    for machine in machines:
        out += ["", "| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in machine.items())]
    for part, title in (("banking77", "An epoch of BANKING77"), ("prompt", f"After a prompt of {PROMPT} tokens"), ("growth", "Growth")):
        here = figures.distinct("round", part=part)
        if not here:
            continue
        threads = ", ".join(map(str, figures.distinct("threads", part=part)))
        out += ["", f"### {title}, {', '.join(figures.distinct('isa', part=part))}, threads: {threads}, rounds: {len(here)}", ""]
        if part == "growth":
            out += ["Rows a second, and in brackets the peak memory in MiB.", *growth_tables(figures, curves)]
            curves.draw(figures, options.work / "growth.svg")
        else:
            out += table(figures, part, part == "banking77") + differences(figures, part)
    tables = "\n".join(out).strip() + "\n"
    (options.work / "training.md").write_text(tables)
    print(tables)


def main():
    options = arguments()
    if options.report:
        report(options)
        return
    if not options.ours.is_file():
        raise SystemExit(f"{options.ours} is not there: cargo build --release -p benches --bin train_speed")
    options.work.mkdir(parents=True, exist_ok=True)
    found = plan(options)
    began = time.strftime("%Y-%m-%dT%H:%M:%S")
    about = run.surroundings("torch", "transformers", "peft")
    with (options.work / "training.jsonl").open("a") as file:
        file.write(json.dumps({"run": began, "machine": about}) + "\n")
        measure(found, options, file, began)
        # Measured again now that nothing of ours runs: someone may have come meanwhile.
        about["taken by others at the end"] = f"{run.busy_share():.0%}"
        file.write(json.dumps({"run": began, "machine": about}) + "\n")
    report(options)


if __name__ == "__main__":
    main()
