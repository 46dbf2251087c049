"""Nearly equal rows found by near-texts, rensa and datasketch, on the same rows, interleaved, as Markdown.

Usage:  cargo build --release -p near-texts --example join_speed
        python3 -m venv DIR && DIR/bin/pip install -r benches/peers/requirements-duplicates.txt
        DIR/bin/python benches/peers/duplicates.py --work WORK [--help]

Rows of about 60 characters, a fifth of them copies of earlier ones with 1 to 6 edits; near is a Jaccard similarity of
character 3-grams of at least 0.8. The truth is near-texts' own list of pairs, which its tests hold against brute force
and --check counts out again by other code, on some of the rows.

rensa and datasketch look for a row that shares a band of its MinHash signature with another; both have 14 bands of 8,
the cheapest that find 99 of 100 on short rows. What shares a band is told as near; nothing is counted out, so that a
precision stands beside the recall. rensa's "rows given as hashes" are shingled and hashed before its clock starts. Each
runs in a process of its own, on all cores where it can, and peak memory is that of the process. datasketch takes minutes
for a million rows, so it has a share of them (--datasketch-rows) and one round.

Python 3.11 or newer, Linux.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JOIN = ROOT / "target/release/examples/join_speed"
BANDS, ROWS_A_BAND, LEAST = 14, 8, 0.8
KINDS = ("sentences", "merchants")


def shingles(text):
    return [text[i : i + 3] for i in range(len(text) - 2)]


def time_rensa(texts, given_hashes):
    import numpy as np
    import rensa

    permutations = BANDS * ROWS_A_BAND
    if given_hashes:
        rows = rensa.RMinHash.hash_token_sets([shingles(text) for text in texts])
        begin = time.perf_counter()
        matrix = rensa.RMinHash.digest_matrix_from_token_hash_sets(rows, num_perm=permutations, seed=42)
    else:
        begin = time.perf_counter()
        rows = [shingles(text) for text in texts]
        matrix = rensa.RMinHash.digest_matrix_from_token_sets(rows, num_perm=permutations, seed=42)
    index = rensa.RMinHashLSH(threshold=LEAST, num_perm=permutations, num_bands=BANDS)
    found = index.query_duplicate_flags_matrix_one_shot(matrix)
    return time.perf_counter() - begin, np.array(found, dtype=bool)


def time_datasketch(texts):
    import numpy as np
    from datasketch import MinHash, MinHashLSH

    begin = time.perf_counter()
    index = MinHashLSH(num_perm=BANDS * ROWS_A_BAND, params=(BANDS, ROWS_A_BAND))
    signatures = MinHash.bulk(
        [[shingle.encode() for shingle in shingles(text)] for text in texts], num_perm=BANDS * ROWS_A_BAND, seed=1
    )
    with index.insertion_session() as session:
        for row, signature in enumerate(signatures):
            session.insert(row, signature, check_duplication=False)
    found = np.array([len(index.query(signature)) > 1 for signature in signatures])
    return time.perf_counter() - begin, found


def run_peer(arguments):
    """In a process of its own: one peer on one file, a line of JSON."""
    import numpy as np

    texts = Path(arguments.file).read_text().splitlines()
    seconds, found = time_datasketch(texts) if arguments.peer == "datasketch" else time_rensa(
        texts, arguments.peer == "rensa, rows given as hashes"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    pairs = np.fromfile(arguments.pairs, dtype="<u4").reshape(-1, 2)
    near = np.zeros(len(texts), dtype=bool)
    near[pairs.ravel()] = True
    both = int((near & found).sum())
    print(json.dumps({
        "seconds": seconds, "peak_mib": peak,
        "recall": both / int(near.sum()), "precision": both / max(1, int(found.sum())),
    }))


def output_of(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def made_rows(work, kind, count):
    """The rows, and the pairs that are near."""
    rows, pairs = work / f"{kind}-{count}.txt", work / f"{kind}-{count}.pairs"
    if not rows.exists():
        subprocess.run([JOIN, "rows", "--kind", kind, "--count", str(count), "--out", rows], check=True)
    output_of([JOIN, "join", rows, "--pairs", pairs])
    return rows, pairs


def measure(work, kind, arguments):
    rows, pairs = made_rows(work, kind, arguments.rows)
    few, few_pairs = made_rows(work, kind, arguments.datasketch_rows)
    peer = lambda name, rows, pairs: output_of(
        [sys.executable, __file__, "--work", work, "--peer", name, "--file", rows, "--pairs", pairs]
    )
    lines = {"near-texts": [], "rensa": [], "rensa, rows given as hashes": []}
    for _ in range(arguments.rounds):
        for name, line in lines.items():
            if name == "near-texts":
                line.append(output_of([JOIN, "join", rows]) | {"recall": 1.0, "precision": 1.0})
            else:
                line.append(peer(name, rows, pairs))
    lines["near-texts, fewer rows"] = [
        output_of([JOIN, "join", few]) | {"recall": 1.0, "precision": 1.0} for _ in range(arguments.rounds)
    ]
    lines["datasketch, fewer rows"] = [peer("datasketch", few, few_pairs)]
    return lines


def table(kind, lines, arguments):
    print(f"\n### {kind}\n")
    print("| | rows | seconds | rows/s | peak MiB | recall | precision |\n|---|---|---|---|---|---|---|")
    for name, rounds in lines.items():
        rows = arguments.datasketch_rows if "fewer" in name else arguments.rows
        median = lambda key: statistics.median(line[key] for line in rounds)
        print(
            f"| {name} | {rows:,} | {median('seconds'):.2f} | {rows / median('seconds'):,.0f} | {median('peak_mib'):,.0f} "
            f"| {median('recall'):.3f} | {median('precision'):.3f} |"
        )


def check(work, count=3000):
    """Counts out by sets of Python's what the join has found among some rows."""
    for kind in KINDS:
        rows, pairs = made_rows(work, kind, count)
        sets = [frozenset(shingles(text)) for text in rows.read_text().splitlines()]
        near = {
            (a, b) for b in range(count) for a in range(b) if len(sets[a] & sets[b]) >= LEAST * len(sets[a] | sets[b])
        }
        data = pairs.read_bytes()
        numbers = [int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4)]
        assert near == set(zip(numbers[::2], numbers[1::2])), kind
        print(f"{kind}: {len(near)} pairs of {count} rows, by sets of Python's as by the join")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for rows and measured lines")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--datasketch-rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--check", action="store_true", help="only count the join's pairs out again")
    for name in ("--peer", "--file", "--pairs"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.peer:
        run_peer(arguments)
    elif arguments.check:
        check(arguments.work)
    else:
        for kind in arguments.kinds:
            lines = measure(arguments.work, kind, arguments)
            with open(arguments.work / "duplicates.jsonl", "a") as file:
                file.write(json.dumps({"kind": kind, "rows": arguments.rows, "lines": lines}) + "\n")
            table(kind, lines, arguments)


if __name__ == "__main__":
    main()
