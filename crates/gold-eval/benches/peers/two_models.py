"""Two real models of BANKING77 in the two ways in which `gate predict` asks a model that is not Rust.

    python two_models.py program --banking77 FOLDER [--usd-per-hour 0.10]
    python two_models.py serve --banking77 FOLDER --port 8077

program speaks JSON lines: TF-IDF of words with logistic regression, scikit-learn's defaults. It says of each answer what the
time that it took costs on a machine of that price.

serve answers POST /v1/chat/completions: the five nearest training questions by TF-IDF of character n-grams (cosine), which
vote by their similarity. It says how many tokens a request and its answer had; a token is a word or a mark here.
"""

import argparse
import json
import re
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rows import read
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

NEIGHBOURS = 5


def program(train, usd_per_hour):
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    model.fit([text for text, _ in train], [label for _, label in train])
    for line in sys.stdin:
        row = json.loads(line)
        start = time.perf_counter()
        probabilities = model.predict_proba([row["input"]])[0]
        best = probabilities.argmax()
        seconds = time.perf_counter() - start
        answer = {
            "id": row["id"],
            "answer": str(model.classes_[best]),
            "confidence": float(probabilities[best]),
            "cost_usd": seconds * usd_per_hour / 3600,
        }
        print(json.dumps(answer), flush=True)


def tokens(text):
    return len(re.findall(r"\w+|[^\w\s]", text))


def serve(train, port):
    features = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 5))
    neighbours = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine").fit(
        features.fit_transform([text for text, _ in train])
    )

    def answer(text):
        distances, places = neighbours.kneighbors(features.transform([text]))
        votes = Counter()
        for distance, place in zip(distances[0], places[0]):
            votes[train[place][1]] += 1 - distance
        return votes.most_common(1)[0][0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body leave in two writes: with Nagle's algorithm the second would wait 40 ms.
        disable_nagle_algorithm = True

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            label = answer(body["messages"][-1]["content"])
            asked = sum(tokens(message["content"]) for message in body["messages"])
            reply = {
                "object": "chat.completion",
                "model": body["model"],
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": label}, "finish_reason": "stop"}
                ],
                "usage": {"prompt_tokens": asked, "completion_tokens": tokens(label)},
            }
            data = json.dumps(reply).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    print(f"listening on {port}", flush=True)
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=["program", "serve"])
    parser.add_argument("--banking77", type=Path, required=True)
    parser.add_argument("--usd-per-hour", type=float, default=0.10)
    parser.add_argument("--port", type=int, default=8077)
    args = parser.parse_args()
    train = read(args.banking77 / "train.csv")
    if args.how == "program":
        program(train, args.usd_per_hour)
    else:
        serve(train, args.port)


if __name__ == "__main__":
    main()
