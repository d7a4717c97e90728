"""Search of 100,000 sentences: is the nearest found, and how long does it take?

    python -m benchmarks.search

Vectors of 256 numbers in 500 loose groups, as sentences lie, with a text of a few words each. A
query is a vector near one that is kept. Beside the default (an index past 50,000 rows) stands the
exact search in the same process, one query at a time on as many threads as there are cores. What a
person gets by default, meaning and letters made one, is timed with the model that reads the words
(untrained: it is as slow as any of its size) and without.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import write
from naepo.embed.entries import Entry
from naepo.embed.finding import search
from naepo.embed.sentences import SentenceModel, SentenceSettings
from naepo.embed.store import Store
from naepo.encode import CharacterEncoder
from naepo.model import ModelSettings, build

WORDS = (
    "학교",
    "날씨",
    "영화",
    "음악",
    "시험",
    "공원",
    "아침",
    "저녁",
    "친구",
    "여행",
    "바다",
    "산책",
)
PARTICLES = ("에서", "가", "는", "을", "도", "까지")


def main() -> None:
    """Build a store, ask it, and write results/search.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    draw = np.random.default_rng(asked.seed)
    vectors, queries = sentences(draw, asked.rows, asked.width, asked.queries)
    with tempfile.TemporaryDirectory() as home:
        result = measure(Path(home) / "store", vectors, queries, draw)
    write("search", f"{asked.rows:,} x {asked.width}: recall@10, milliseconds a query", result)


def sentences(
    draw: np.random.Generator, n: int, width: int, n_queries: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw unit vectors in groups, and queries that are like one of them each."""
    centres = draw.normal(size=(500, width)).astype(np.float32)
    vectors = centres[draw.integers(500, size=n)]
    vectors += draw.normal(scale=1.5, size=(n, width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    queries = vectors[draw.choice(n, n_queries, replace=False)]
    noise = draw.normal(scale=0.5 / width**0.5, size=queries.shape).astype(np.float32)
    return vectors, queries + noise


def measure(
    folder: Path, vectors: np.ndarray, queries: np.ndarray, draw: np.random.Generator
) -> dict[str, Any]:
    """Add, index, search, add more, delete; give figures."""
    texts = [" ".join(_word(draw) for _ in range(6)) for _ in range(len(vectors))]
    entries = [Entry(f"note {n}", text=text) for n, text in enumerate(texts)]
    result: dict[str, Any] = {}
    store = Store.join(folder, {"of": "benchmark"})
    result["add_seconds"] = timed(lambda: store.add(vectors, entries))
    exact, result["exact_ms"] = asked(store, queries)
    began = time.perf_counter()
    result["index"] = store.make_index()
    result["index_seconds"] = round(time.perf_counter() - began, 2)
    store.close()
    result["open_seconds"] = timed(lambda: Store.open(folder).close())
    store = Store.open(folder)
    found, result["default_ms"] = asked(store, queries)
    shares = [len(a & b) / len(a) for a, b in zip(exact, found, strict=True)]
    result["recall_at_10"] = round(float(np.mean(shares)), 4)
    for name in ("letters_first_ms", "letters_ms"):  # a frequent gram is remembered
        letters = [timed(lambda word=word: store.by_letters(word)) for word in WORDS]
        result[name] = round(1_000 * float(np.median(letters)), 2)
    result |= by_default(store, queries, texts, draw)
    more = [Entry(f"more {n}", text="학교") for n in range(10_000)]
    fresh = vectors[: len(more)] + np.float32(0.01)
    result["add_10000_seconds"] = timed(lambda: store.add(fresh, more))
    found, result["default_ms_after_adding"] = asked(store, queries[:50])
    gone = {int(id) for id in list(store.ids[:1_000])}
    result["delete_1000_seconds"] = timed(lambda: store.delete(sorted(gone)))
    again, _ = asked(store, queries[:50])
    result["deleted_and_found"] = sum(len(gone & ids) for ids in again)
    return result


class Reader:
    """Reads the words as a model of sentences does, then gives a vector that is near a kept one."""

    def __init__(self, texts: list[str], queries: np.ndarray) -> None:
        encoder = CharacterEncoder.fit(texts[:1_000])
        model = build(
            ModelSettings(
                vocab_size=encoder.vocab_size,
                context_length=256,
                d_model=256,
                n_layers=6,
                n_heads=4,
                n_kv_heads=4,
                d_head=64,
                d_ff=768,
            ),
            seed=0,
        )
        self.model = SentenceModel(model, encoder, SentenceSettings(whiten=False))
        self.queries = iter(queries)
        self.times: list[float] = []

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Give one vector for one text, and remember how long reading it took."""
        self.times.append(timed(lambda: self.model.vectors(texts)))
        return next(self.queries)[None]


def by_default(
    store: Store, queries: np.ndarray, texts: list[str], draw: np.random.Generator
) -> dict[str, Any]:
    """Search by two words as a person does; give milliseconds without the model, and its own."""
    reader, times = Reader(texts, queries), []
    for _ in queries:
        words = " ".join(_word(draw) for _ in range(2))
        times.append(timed(lambda words=words: search(store, words, model=reader)))
    alone = 1_000 * (np.array(times) - reader.times)
    return {
        "search_ms": {
            "median": round(float(np.median(alone)), 2),
            "p95": round(float(np.quantile(alone, 0.95)), 2),
        },
        "search_model_ms": round(1_000 * float(np.median(reader.times)), 2),
    }


def asked(store: Store, queries: np.ndarray) -> tuple[list[set[int]], dict[str, float]]:
    """Ask one query after the other; give what was found and how long it took."""
    store.search(queries[0])
    found, times = [], []
    for query in queries:
        began = time.perf_counter()
        hits = store.search(query, 10)
        times.append(1_000 * (time.perf_counter() - began))
        found.append({hit.id for hit in hits})
    return found, {
        "median": round(float(np.median(times)), 3),
        "p95": round(float(np.quantile(times, 0.95)), 3),
    }


def timed(act: Callable[[], Any]) -> float:
    """Give how long something takes, in seconds."""
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 4)


def _word(draw: np.random.Generator) -> str:
    return str(draw.choice(WORDS)) + str(draw.choice(PARTICLES))


if __name__ == "__main__":
    main()
