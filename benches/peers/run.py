"""Rightsize beside PyTorch, ONNX Runtime and llama.cpp: everything in one go, interleaved, as Markdown.

Usage:  cargo build --release -p categorizer -p benches --bin speed
        benches/peers/venv.sh DIR
        DIR/bin/python benches/peers/run.py --minilm MODEL_DIR --texts BANKING77/test.csv --work WORK [--help]

WORK takes what is exported, every measured line (results.jsonl) and the tables (tables.md). What is already there is not
exported again; measured lines are always new, unless --report only prints the tables of the old ones.

First every engine's results are held against ours: in f32 they may differ by 1e-4, else nothing is timed. Then each round
runs every engine once in every setting, one after the other and beginning with another one each time, so that whatever
else the machine does falls on all of them. A figure is the median of the rounds' figures.

Python 3.11 or newer with the packages of requirements.txt, Linux.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent

# Largest difference of a state or a score in f32: sums of some hundred products in another order, through six blocks, and
# through thirty to scores that are sums of as many and lie between -16 and -7. Measured: 3e-6, and 5e-5.
TOLERANCE = {"encoder": 1e-4, "decoder": 5e-4}
# What this repository wants to reach: time of one text, and rows a second, as parts of ONNX Runtime's in f32.
LATENCY_TARGET, THROUGHPUT_TARGET = 0.6, 1.5
# Part of the processors' time that something else takes, from which on figures are not worth much.
BUSY = 0.05

# The settings of PyTorch's three libraries. ONNX Runtime has none: see avx2_only.c.
PYTORCH_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "DNNL_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
ONNX_F32 = ("ONNX Runtime, fused", "ONNX Runtime, as exported")
ONNX_INT8 = "ONNX Runtime, int8"
OURS, OURS_LORA = "Rightsize", "Rightsize, adapter of rank 16"
# bf16 only where the processor multiplies it; elsewhere it fails the check, and is left out.
OURS_FEWER = {f"Rightsize, {format}": ["--weights", format] for format in ("int16", "bf16", "int8", "int4")}


def arguments():
    parser = argparse.ArgumentParser(description="Rightsize beside PyTorch, ONNX Runtime and llama.cpp")
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    parser.add_argument("--minilm", type=Path, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--texts", type=Path, help="BANKING77's test.csv")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--speed", type=Path, default=target / "release" / "speed", help="the program `speed`")
    parser.add_argument("--adapter", type=Path, help="a trained adapter in place of the random head")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=640, help="texts; a multiple of 128")
    parser.add_argument("--prompts", type=int, default=4, help="prompts of 400 tokens for the decoder")
    parser.add_argument("--parts", default="encoder,decoder")
    parser.add_argument("--threads", default="1,all")
    parser.add_argument("--isa", default="native,avx2")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no round after so long")
    parser.add_argument("--report", action="store_true", help="only print the tables of what was measured before")
    return parser.parse_args()


def can_fault():
    """Whether the processor can be made to fault at CPUID: see avx2_only.c."""
    return "cpuid_fault" in Path("/proc/cpuinfo").read_text().split()


class Engine:
    """A program that is timed: its command for some settings, without the threads and the mode."""

    def __init__(self, name, part, command, kind, exact):
        self.name, self.part, self.command, self.kind = name, part, command, kind
        # Whether its results must be ours to TOLERANCE; None where they are not ours at all.
        self.exact = exact

    def environment(self, isa, options):
        """What keeps it to `isa`, or None where nothing does."""
        if isa == "native":
            return {}
        if self.kind == "pytorch":
            return PYTORCH_AVX2
        if self.kind == "llama.cpp":
            library = Path(sys.prefix) / "llama-avx2" / "llama_cpp" / "lib"
            return {"LLAMA_CPP_LIB_PATH": str(library)} if library.is_dir() else None
        shim = Path(sys.prefix) / "avx2_only.so"
        if not shim.is_file():
            return None
        if can_fault():
            return {"LD_PRELOAD": str(shim)}
        if self.kind == "rightsize":
            return {"RIGHTSIZE_CPU": "avx2"}
        patched = Path(sys.prefix) / "onnxruntime-avx2"
        restrained = {"LD_PRELOAD": str(shim), "AVX2_ONLY_PATCHED": "1", "PYTHONPATH": str(patched)}
        return restrained if patched.is_dir() else None

    def run(self, mode, threads, isa, options, extra=()):
        """The lines that it prints; a CalledProcessError where it fails."""
        command = [*self.command, "--mode", mode, "--threads", threads, *extra]
        environment = os.environ | self.environment(isa, options)
        done = subprocess.run(
            list(map(str, command)), env=environment, capture_output=True, text=True, check=True, timeout=3600
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines:
            if isa == "avx2" and line["isa"] != "avx2":
                raise SystemExit(f"{self.name} was to use AVX2 and says {line['isa']!r}")
        return lines


def engines(options):
    """Every engine, ours first."""
    work, python = options.work, sys.executable
    ids = ["--ids", work / "ids.jsonl"]
    head = options.adapter or work / "head"
    speed = [options.speed, "--model", options.minilm]
    onnx = [python, HERE / "time_onnxruntime.py", *ids, "--model"]
    torch = [python, HERE / "time_pytorch.py"]
    found = [
        Engine(OURS, "encoder", [*speed, *ids, "--adapter", head], "rightsize", True),
        Engine(ONNX_F32[0], "encoder", [*onnx, work / "f32.onnx"], "onnxruntime", True),
        Engine(ONNX_F32[1], "encoder", [*onnx, work / "model.onnx"], "onnxruntime", True),
        Engine(ONNX_INT8, "encoder", [*onnx, work / "int8.onnx"], "onnxruntime", False),
        Engine("PyTorch", "encoder", [*torch, *ids, "--model", options.minilm, "--adapter", head], "pytorch", True),
    ]
    if not options.adapter:
        found.insert(1, Engine(OURS_LORA, "encoder", [*speed, *ids, "--adapter", work / "lora16"], "rightsize", None))
    for place, (name, format) in enumerate(OURS_FEWER.items(), 1):
        found.insert(place, Engine(name, "encoder", [*speed, *ids, "--adapter", head, *format], "rightsize", False))
    smol = work / "smollm"
    prompts = ["--ids", smol / "prompts.jsonl"]
    found += [
        Engine(OURS, "decoder", [options.speed, "--model", smol / "hf", *prompts], "rightsize", True),
        Engine("PyTorch", "decoder", [*torch, "--model", smol / "hf", *prompts], "pytorch", True),
    ]
    for name, format in OURS_FEWER.items():
        command = [options.speed, "--model", smol / "hf", *prompts, *format]
        found.append(Engine(name, "decoder", command, "rightsize", False))
    for kind in ("f32", "f16", "q8_0"):
        command = [python, HERE / "time_llamacpp.py", "--model", smol / f"{kind}.gguf", *prompts]
        found.append(Engine(f"llama.cpp, {kind}", "decoder", command, "llama.cpp", kind == "f32"))
    return [engine for engine in found if engine.part in options.parts.split(",")]


def script(name, *rest):
    print(f"{name} ...", file=sys.stderr)
    subprocess.run([sys.executable, str(HERE / name), *map(str, rest)], check=True, stdout=subprocess.DEVNULL)


def prepare_decoder(options, *more):
    """Writes the decoder and its prompts, where there are not as many yet."""
    prompts = options.work / "smollm" / "prompts.jsonl"
    if not (prompts.is_file() and len(prompts.read_text().splitlines()) == options.prompts):
        script("smollm_shaped.py", options.work / "smollm", options.prompts, *more)


def prepare(options):
    """Exports what is not there yet."""
    options.work.mkdir(parents=True, exist_ok=True)
    work, parts = options.work, options.parts.split(",")
    if "encoder" in parts:
        if not options.minilm or not options.texts:
            raise SystemExit("the encoder needs --minilm and --texts")
        # Quick, and --rows may be another than before.
        script("ids.py", options.minilm, options.texts, work, options.rows)
        about = work / "export.json"
        adapter = str(options.adapter.resolve()) if options.adapter else ""
        known = work / "adapter.txt"
        if not about.is_file() or not known.is_file() or known.read_text() != adapter:
            script("export_onnx.py", options.minilm, work, *([options.adapter] if options.adapter else []))
            known.write_text(adapter)
    if "decoder" in parts:
        prepare_decoder(options)


def modes(engine):
    return ("single,batch",) if engine.part == "encoder" else ("prefill", "decode")


def on_few_rows(engine, options, count):
    """The engine on the first of its rows, and the file that holds them."""
    few = options.work / f"few-{engine.part}.jsonl"
    source = Path(engine.command[engine.command.index("--ids") + 1])
    few.write_text("".join(line + "\n" for line in source.read_text().splitlines()[:count]))
    command = [few if part == source else part for part in engine.command]
    return Engine(engine.name, engine.part, command, engine.kind, engine.exact), few


def dumped(engine, options):
    """What an engine computes for its rows; a CalledProcessError where it fails."""
    path = options.work / "dump.f32"
    path.unlink(missing_ok=True)
    mode = {"encoder": "single", "decoder": "prefill"}[engine.part]
    engine.run(mode, 1, "native", options, ["--dump", path])
    return numpy.fromfile(path, dtype="<f4")


def check(found, options):
    """Holds every engine's results against ours; returns what can be timed and a table."""
    rows, ours, able = ["| engine | model | largest difference from ours | same answer |", "|---|---|---|---|"], {}, []
    for engine in found:
        small, few = on_few_rows(engine, options, 16)
        try:
            results = dumped(small, options)
            able.append((engine, modes(engine)[0]))
        except subprocess.CalledProcessError as error:
            if engine.name == OURS:
                raise SystemExit(f"{OURS} fails on the {engine.part}: {error.stderr.strip()}") from error
            print(f"{engine.name} is left out: {error.stderr.strip()}", file=sys.stderr)
            continue
        if engine.part == "decoder":
            try:
                small.run("decode", 1, "native", options)
                able.append((engine, "decode"))
            except subprocess.CalledProcessError as error:
                print(f"{engine.name}: {error.stderr.strip()}", file=sys.stderr)
        if engine.name == OURS:
            ours[engine.part] = results
            continue
        if engine.exact is None:
            continue
        expected = ours[engine.part]
        difference = float(numpy.abs(results - expected).max()) if results.shape == expected.shape else float("inf")
        ids = [json.loads(line) for line in few.read_text().splitlines()]
        same = same_answers(results, expected, ids, options, engine.part)
        rows.append(f"| {engine.name} | {engine.part} | {difference:.1e} | {same} of {len(ids)} |")
        if engine.exact and not difference <= TOLERANCE[engine.part]:
            raise SystemExit(f"{engine.name} and Rightsize differ by {difference} on the {engine.part}: nothing is timed")
    return able, rows


def same_answers(results, expected, ids, options, part):
    """On how many rows the highest score is the same one."""
    if results.shape != expected.shape:
        return 0
    if part == "decoder":
        pairs = zip(results.reshape(len(ids), -1), expected.reshape(len(ids), -1))
        return sum(int(a.argmax() == b.argmax()) for a, b in pairs)
    d_model = json.loads((options.minilm / "config.json").read_text())["hidden_size"]
    classes = (len(results) - sum(map(len, ids)) * d_model) // len(ids)
    same, at = 0, 0
    for row in ids:
        at += len(row) * d_model
        same += int(results[at : at + classes].argmax() == expected[at : at + classes].argmax())
        at += classes
    return same


def busy_share(seconds=2.0):
    """Which part of all processors' time something else took just now, stolen time of a virtual machine included."""

    def counters():
        fields = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:]))
        return sum(fields[:8]), fields[3] + fields[4]

    total, idle = counters()
    time.sleep(seconds)
    total_after, idle_after = counters()
    return 1.0 - (idle_after - idle) / max(total_after - total, 1)


def machine():
    flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")).split()
    lscpu = subprocess.run(["lscpu", "--json"], capture_output=True, text=True, check=True).stdout
    facts = {}
    fields = json.loads(lscpu)["lscpu"]
    while fields:
        field = fields.pop(0)
        facts.setdefault(field["field"].rstrip(":"), field["data"])
        fields += field.get("children", [])
    wanted = ("fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8")
    commit = subprocess.run(
        ["git", "-C", str(REPOSITORY), "describe", "--always", "--dirty"], capture_output=True, text=True
    ).stdout.strip()
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit,
        "processor": facts.get("Model name", platform.processor()),
        "cores": len(os.sched_getaffinity(0)),
        "threads a core": facts.get("Thread(s) per core", "?"),
        "caches": ", ".join(f"{level} {facts[f'{level} cache']}" for level in ("L1d", "L2", "L3") if f"{level} cache" in facts),
        "instructions": " ".join(flag for flag in wanted if flag in flags),
        "load average at the start": load,
        "taken by others at the start": f"{busy_share():.0%}",
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def surroundings(*packages):
    """The machine and the packages' versions, and a warning where the machine is busy."""
    about = machine()
    for package in packages:
        try:
            about[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            about[package] = "not installed"
    if float(about["taken by others at the start"].rstrip("%")) / 100 > BUSY:
        about["warning"] = "the machine was busy with something else: these figures are not to be quoted"
        print(f"warning: {about['warning']}", file=sys.stderr)
    return about


def measure(able, options):
    """All rounds, each line written as it comes."""
    cores = len(os.sched_getaffinity(0))
    threads = sorted({cores if count == "all" else int(count) for count in options.threads.split(",")})
    settings = [(isa, count) for isa in options.isa.split(",") for count in threads]
    lost, start = set(), time.monotonic()
    with (options.work / "results.jsonl").open("w") as file:
        for number in range(options.rounds):
            begin = time.monotonic()
            if begin - start > options.seconds:
                break
            for isa, count in settings:
                turn = number % len(able)
                for engine, mode in able[turn:] + able[:turn]:
                    if (engine.name, isa) in lost:
                        continue
                    if engine.environment(isa, options) is None:
                        lost.add((engine.name, isa))
                        print(f"{engine.name} cannot be kept to {isa} here", file=sys.stderr)
                        continue
                    try:
                        lines = engine.run(mode, count, isa, options)
                        if engine.name == OURS and mode == "single,batch":
                            texts = ["--texts", options.work / "texts.jsonl"]
                            lines += engine.run("text", count, isa, options, texts)
                    except subprocess.CalledProcessError as error:
                        lost.add((engine.name, isa))
                        print(f"{engine.name} with {isa} is left out: {error.stderr.strip()}", file=sys.stderr)
                        continue
                    for line in lines:
                        about = {"round": number, "name": engine.name, "part": engine.part, "setting": isa}
                        file.write(json.dumps(line | about) + "\n")
                    file.flush()
            print(f"round {number + 1} of {options.rounds}: {time.monotonic() - begin:.0f} s", file=sys.stderr)


class Figures:
    """The measured lines, by what they measure."""

    def __init__(self, lines):
        self.lines = lines

    def values(self, key, **wanted):
        chosen = [line for line in self.lines if all(line.get(name) == value for name, value in wanted.items())]
        return [line[key] for line in chosen]

    def median(self, key, **wanted):
        values = self.values(key, **wanted)
        return statistics.median(values) if values else None

    def distinct(self, key, **wanted):
        """In the order in which they were first measured."""
        return list(dict.fromkeys(self.values(key, **wanted)))


def baseline(name):
    """What an engine is held against: ONNX Runtime with weights of the same kind."""
    return (ONNX_INT8,) if "int8" in name else ONNX_F32


def best(figures, key, names, pick, **wanted):
    """The better of some engines, such as of ONNX Runtime's two graphs; None where none was measured."""
    values = [figures.median(key, name=name, **wanted) for name in names]
    values = [value for value in values if value is not None]
    return pick(values) if values else None


def cell(value, other):
    if value is None:
        return ""
    shown = f"{value:.0f}" if value >= 100 else f"{value:.1f}"
    return f"{shown} ({value / other:.2f})" if other else shown


def encoder_tables(figures):
    out = []
    names = figures.distinct("name", part="encoder")
    rounds = len(figures.distinct("round"))
    for setting in figures.distinct("setting", part="encoder"):
        for threads in figures.distinct("threads", part="encoder", setting=setting):
            here = {"part": "encoder", "setting": setting, "threads": threads}
            isa = ", ".join(figures.distinct("isa", **here))
            out += ["", f"### Encoder, {isa}, {threads} thread{'s' * (threads > 1)}", ""]
            out += ["| one text | p50 ms | lowest and highest of the rounds | p99 ms | p50 / ONNX Runtime's | GFLOP/s |"]
            out += ["|---|---|---|---|---|---|"]
            for name in names:
                p50s = figures.values("p50_ms", name=name, mode="single", **here)
                if not p50s:
                    continue
                p50, p99 = statistics.median(p50s), figures.median("p99_ms", name=name, mode="single", **here)
                other = best(figures, "p50_ms", baseline(name), min, mode="single", **here)
                gflops = figures.median("gflops", name=name, mode="single", **here)
                ratio = f"{p50 / other:.2f}" if other else ""
                out.append(f"| {name} | {p50:.2f} | {min(p50s):.2f} to {max(p50s):.2f} | {p99:.2f} | {ratio} | {gflops:.0f} |")
            with_text = figures.median("p50_ms", name=OURS, mode="text", **here)
            if with_text is not None:
                p99 = figures.median("p99_ms", name=OURS, mode="text", **here)
                out += ["", f"With tokenisation, {OURS} alone: p50 {with_text:.2f} ms, p99 {p99:.2f} ms."]
            columns = [
                (size, order)
                for size in figures.distinct("batch", mode="batch", **here)
                for order in figures.distinct("order", mode="batch", **here)
            ]
            heads = " | ".join(f"{size}, {order}" for size, order in columns)
            out += ["", f"| rows a second (as part of ONNX Runtime's) | {heads} |", "|---" * (len(columns) + 1) + "|"]
            for name in names:
                cells = []
                for size, order in columns:
                    key = {"mode": "batch", "batch": size, "order": order} | here
                    other = best(figures, "rows_per_second", baseline(name), max, **key)
                    cells.append(cell(figures.median("rows_per_second", name=name, **key), other))
                if any(cells):
                    out.append(f"| {name} | {' | '.join(cells)} |")
            padding = [figures.median("padding", mode="batch", batch=size, order=order, **here) for size, order in columns]
            out.append(f"| *padding, of all tokens computed* | {' | '.join(f'{share:.0%}' for share in padding)} |")
            out += verdict(figures, here, columns)
    out += ["", f"Medians of {rounds} rounds. In brackets: as a part of ONNX Runtime's, of its faster graph in f32, and of int8 for int8."]
    return out


def verdict(figures, here, columns):
    """Our targets beside what was measured."""
    p50 = figures.median("p50_ms", name=OURS, mode="single", **here)
    other = best(figures, "p50_ms", ONNX_F32, min, mode="single", **here)
    if p50 is None or other is None:
        return []
    ratios = []
    for size, order in columns:
        key = {"mode": "batch", "batch": size, "order": order} | here
        ours, theirs = figures.median("rows_per_second", name=OURS, **key), best(figures, "rows_per_second", ONNX_F32, max, **key)
        if ours is not None and theirs is not None:
            ratios.append(ours / theirs)
    said = lambda met: "met" if met else "missed"
    latency = f"p50 of one text at most {LATENCY_TARGET} of ONNX Runtime's: {p50 / other:.2f}, {said(p50 / other <= LATENCY_TARGET)}"
    if not ratios:
        return ["", f"Target: {latency}."]
    rows = f"rows a second at least {THROUGHPUT_TARGET} times: {min(ratios):.2f} to {max(ratios):.2f}, {said(min(ratios) >= THROUGHPUT_TARGET)}"
    return ["", f"Targets: {latency}; {rows}."]


def decoder_tables(figures):
    out = []
    for setting in figures.distinct("setting", part="decoder"):
        for threads in figures.distinct("threads", part="decoder", setting=setting):
            here = {"part": "decoder", "setting": setting, "threads": threads}
            isa = ", ".join(figures.distinct("isa", **here))
            out += ["", f"### Decoder of the size of SmolLM2-135M, {isa}, {threads} thread{'s' * (threads > 1)}", ""]
            out += ["| engine | prefill of 400 tokens, ms | prefill, tokens a second | decode, tokens a second |", "|---|---|---|---|"]
            for name in figures.distinct("name", **here):
                milliseconds = figures.median("p50_ms", name=name, mode="prefill", **here)
                prefill = figures.median("tokens_per_second", name=name, mode="prefill", **here)
                decode = figures.median("tokens_per_second", name=name, mode="decode", **here)
                out.append(f"| {name} | {cell(milliseconds, None)} | {cell(prefill, None)} | {cell(decode, None)} |")
    return out


def add_gflops(line, linear):
    """Multiplications and additions of the blocks' linear layers on real tokens, a second; padding counts as nothing."""
    if "tokens_per_second" in line and line["part"] == "encoder":
        line["gflops"] = 2e-9 * linear * line["tokens_per_second"]
    return line


def report(options, able_rows):
    saved = options.work / "run.json"
    run = json.loads(saved.read_text())
    if able_rows:
        run["check"] = able_rows
        saved.write_text(json.dumps(run, indent=2))
    linear = run.get("linear", 0)
    text = (options.work / "results.jsonl").read_text()
    figures = Figures([add_gflops(json.loads(line), linear) for line in text.splitlines()])
    out = ["| | |", "|---|---|"] + [f"| {key} | {value} |" for key, value in run["machine"].items()]
    out += ["", *run["check"]]
    if figures.distinct("name", part="encoder"):
        out += encoder_tables(figures)
    if figures.distinct("name", part="decoder"):
        out += decoder_tables(figures)
    tables = "\n".join(out) + "\n"
    (options.work / "tables.md").write_text(tables)
    print(tables)


def main():
    options = arguments()
    if options.report:
        report(options, None)
        return
    if not options.speed.is_file():
        raise SystemExit(f"{options.speed} is not there: cargo build --release -p categorizer -p benches --bin speed")
    prepare(options)
    about = surroundings("onnxruntime", "torch", "transformers", "llama-cpp-python", "numpy")
    linear = 0
    if "encoder" in options.parts:
        config = json.loads((options.minilm / "config.json").read_text())
        d_model, d_ff = config["hidden_size"], config["intermediate_size"]
        linear = config["num_hidden_layers"] * (4 * d_model**2 + 2 * d_model * d_ff)
    able, rows = check(engines(options), options)
    (options.work / "run.json").write_text(json.dumps({"machine": about, "linear": linear, "check": rows}, indent=2))
    measure(able, options)
    # Measured again now that nothing of ours runs: someone may have come meanwhile.
    about["taken by others at the end"] = f"{busy_share():.0%}"
    (options.work / "run.json").write_text(json.dumps({"machine": about, "linear": linear, "check": rows}, indent=2))
    report(options, rows)


if __name__ == "__main__":
    main()
