"""Is a Korean film review good or bad: accuracy on NSMC's official split, beside character n-grams.

Only the given training split is used, and the text in it: a small GPT learns to write its reviews,
then a copy of it is tuned to tell their classes, and its opinion is pooled with that of character
n-grams, by weights learnt on a part of the split that neither has learnt from; after that the
n-grams are fitted to all of it, as `naepo classify train` does. The floor is the same linear SVM by
itself, in the same run.

Beside the official score stands the one over the test reviews that are not, word for word, in the
training split, and the one with 1,000 labels (the same GPT; it has read the text, not the labels).

    python -m benchmarks.nsmc [--seeds 3] [--steps 2800] [--epochs 6] [--threads 2]

Each stage leaves what it made in a folder outside of the project, and is not done again: stopped,
the same command goes on. `--cache` names the folder, which should be another for other settings.
"""

import argparse
import csv
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from benchmarks.record import NAEPO, data, run, spread, write
from naepo import checkpoint
from naepo.classify.linear import softmax
from naepo.classify.measures import measure
from naepo.classify.net import NetSettings, framed, probabilities, recutting
from naepo.classify.ngrams import Ngrams, normal
from naepo.classify.parts import blended, fit_blend
from naepo.classify.tuning import Examples, TuneSettings, tune
from naepo.model import Transformer
from naepo.train.precision import has_fast_bf16

Array = np.ndarray
CLASSES = ("0", "1")
UNKNOWN = np.empty(0, dtype=np.int64)
HELD_OUT = 7_500
"""Training reviews that the pool's weights are learnt on, and the best look is chosen by."""
FEW = 1_000
SHAPE = {"d-model": 256, "n-layers": 4, "n-heads": 4, "n-kv-heads": 4, "d-head": 64, "d-ff": 704}


def main() -> None:
    """Run the seeds and write results/nsmc.json."""
    asked = flags()
    torch.set_num_threads(asked.threads)
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)
    asked.cache.mkdir(parents=True, exist_ok=True)
    reviews = Reviews(asked.cache)
    floor = kept(asked.cache / "floor.npz", lambda: svm(reviews))
    runs = [one(asked, reviews, seed) for seed in range(asked.seeds)]
    is_new = reviews.is_new
    table = {name: spread([made[name] for made in runs]) for name in runs[0] if name != "seed"}
    write(
        "nsmc",
        "accuracy on the 50,000 test reviews of NSMC, trained on its 150,000 alone",
        {
            "settings": {key: str(value) for key, value in vars(asked).items() if key != "cache"},
            "floor_ngrams_svm": scores(floor["test"] > 0, reviews.test_labels, is_new),
            "test_reviews_in_train": int((~is_new).sum()),
            "published": {"KoBERT": 0.901, "KoGPT2": 0.899, "KoELECTRA-small-v3": 0.8936},
            **table,
            "runs": runs,
        },
    )


def flags() -> argparse.Namespace:
    """Read the flags."""
    parser = argparse.ArgumentParser()
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2_800, help="updates of 4,096 ids")
    parser.add_argument("--epochs", type=float, default=6.0, help="readings when tuned")
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--side", type=float, default=0.3)
    parser.add_argument("--blanked", type=float, default=0.15)
    parser.add_argument("--dropout", type=float, default=0.1, help="of activations, when tuned")
    parser.add_argument("--merge-dropout", type=float, default=0.2)
    parser.add_argument("--causal", action="store_true", help="look back only when tuned")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shape", nargs="*", default=[], help="such as d-model=192 n-layers=3")
    parser.add_argument("--cache", type=Path, default=home / "naepo-benchmarks" / "nsmc")
    return parser.parse_args()


class Reviews:
    """Both splits, and which training reviews are held out; equal ones are on one side."""

    def __init__(self, cache: Path) -> None:
        self.texts, self.labels = _read("train")
        self.test_texts, self.test_labels = _read("test")
        known = {normal(text) for text in self.texts}
        self.is_new = np.array([normal(text) not in known for text in self.test_texts])
        order = np.random.default_rng(0).permutation(sorted(known))
        held, n = set(), 0
        counts: dict[str, int] = {}
        for text in map(normal, self.texts):
            counts[text] = counts.get(text, 0) + 1
        for text in order:
            if n >= HELD_OUT:
                break
            held.add(text)
            n += counts[text]
        self.is_held = np.array([normal(text) in held for text in self.texts])
        self.table = cache / "reviews.tsv"
        if not self.table.exists():
            lines = ["document", *(text.replace("\t", " ") for text in self.texts)]
            self.table.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def pick(self, held: bool) -> tuple[list[str], Int[Array, " n"]]:
        """Give the held-out part of the training split, or the rest."""
        chosen = np.flatnonzero(self.is_held == held)
        return [self.texts[place] for place in chosen], self.labels[chosen]


def _read(name: str) -> tuple[list[str], Int[Array, " n"]]:
    packed = data(f"korean/nsmc-ratings_{name}.txt.xz")
    with lzma.open(packed, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        pairs = [(row["document"], int(row["label"])) for row in rows]
    return [text for text, _ in pairs], np.array([label for _, label in pairs])


def svm(reviews: Reviews) -> dict[str, Any]:
    """Fit the floor to all of the training split, and to the part that is not held out."""
    from sklearn.svm import LinearSVC

    began = time.process_time()
    ngrams = Ngrams.fit(reviews.texts)
    rows, test = ngrams.transform(reviews.texts), ngrams.transform(reviews.test_texts)
    whole = LinearSVC(C=0.3).fit(rows, reviews.labels)
    seconds = time.process_time() - began
    rest = ~reviews.is_held
    part = LinearSVC(C=0.3).fit(rows[np.flatnonzero(rest)], reviews.labels[rest])
    return {
        "test": whole.decision_function(test),
        "part_test": part.decision_function(test),
        "part_held": part.decision_function(rows[np.flatnonzero(~rest)]),
        "seconds": seconds,
    }


def one(asked: argparse.Namespace, reviews: Reviews, seed: int) -> dict[str, Any]:
    """Make everything of one seed, and score it."""
    home, began = asked.cache / f"seed-{seed}", time.perf_counter()
    folder = home / "gpt"
    if not folder.exists():
        pretrain(asked, reviews, folder, seed)
    gpt = kept(home / "tuned.npz", lambda: tuned(asked, reviews, folder, seed))
    few = kept(home / "few.npz", lambda: with_few_labels(asked, reviews, folder, seed))
    floor = dict(np.load(asked.cache / "floor.npz"))
    held_labels = reviews.labels[reviews.is_held]
    held = [gpt["held"], margins(floor["part_held"])]
    weights = fit_blend(held, held_labels)
    together = blended([gpt["test"], margins(floor["test"])], weights)
    found: dict[str, Any] = {"seed": seed}
    for name, p in (("gpt", gpt["test"]), ("gpt_and_ngrams", together)):
        for key, value in scores(p[:, 1] > p[:, 0], reviews.test_labels, reviews.is_new).items():
            found[f"{name}_{key}"] = value
    figures = measure(together, reviews.test_labels, CLASSES)
    found["log_loss"], found["calibration_error"] = figures.log_loss, figures.calibration_error
    for name in ("gpt", "gpt_and_ngrams", "ngrams"):
        named = few[name].argmax(axis=1)
        found[f"with_{FEW}_labels_{name}"] = float((named == reviews.test_labels).mean())
    found["weight_gpt"], found["weight_ngrams"] = weights
    found["tuning_seconds"] = float(gpt["seconds"])
    found["seconds"] = time.perf_counter() - began
    print({k: round(v, 4) for k, v in found.items()}, flush=True)
    return found


def pretrain(asked: argparse.Namespace, reviews: Reviews, folder: Path, seed: int) -> None:
    """Let a GPT read the reviews of the training split."""
    shape = SHAPE | dict(pair.split("=") for pair in asked.shape)
    words = [f"--model.{name}={size}" for name, size in shape.items()]
    run(
        [
            *NAEPO, "train", reviews.table, "--data.column", "document", "--data.held-out", 0.01,
            "--encoder", "bpe", "--data.vocab-size", 4096, "--model.context-length", 128,
            "--train.batch-size", 32, "--steps", asked.steps, "--seed", seed, "--out", folder,
            *words,
        ]
    )  # fmt: skip


def tuned(asked: argparse.Namespace, reviews: Reviews, folder: Path, seed: int) -> dict[str, Any]:
    """Tune a copy on all labels; give its probabilities of the held-out part and of the test."""
    rest, held = reviews.pick(False), reviews.pick(True)
    return _tune(asked, folder, rest, held, reviews.test_texts, asked.epochs, seed)


def with_few_labels(
    asked: argparse.Namespace, reviews: Reviews, folder: Path, seed: int
) -> dict[str, Any]:
    """Tune on 1,000 labelled reviews, 200 of them held out, beside n-grams on the same 1,000."""
    from naepo.classify.linear import Linear

    order = np.random.default_rng(100 + seed).permutation(len(reviews.texts))[:FEW]
    texts, labels = [reviews.texts[place] for place in order], reviews.labels[order]
    cut = FEW * 4 // 5
    rest, held = (texts[:cut], labels[:cut]), (texts[cut:], labels[cut:])
    found = _tune(asked, folder, rest, held, reviews.test_texts, 10.0, seed)

    def counted(some: list[str], numbers: Int[Array, " n"]) -> Callable[[list[str]], Array]:
        ngrams = Ngrams.fit(some)
        linear = Linear.fit(ngrams.transform(some), numbers, 2, 16.0)
        return lambda asked_of: softmax(linear.scores(ngrams.transform(asked_of)))

    part = counted(*rest)
    weights = fit_blend([found["held"], part(held[0])], held[1])
    together = blended([found["test"], part(reviews.test_texts)], weights)
    whole = counted(texts, labels)(reviews.test_texts)
    return {"gpt": found["test"], "gpt_and_ngrams": together, "ngrams": whole}


Labelled = tuple[list[str], Int[Array, " n"]]


def _tune(
    asked: argparse.Namespace,
    folder: Path,
    rest: Labelled,
    held: Labelled,
    test: list[str],
    epochs: float,
    seed: int,
) -> dict[str, Any]:
    began = time.process_time()
    loaded = checkpoint.load(folder)
    encoder, longest = loaded.encoder, loaded.model.settings.context_length

    def cut(texts: list[str], labels: Int[Array, " n"] = UNKNOWN) -> Examples:
        whole = encoder.encode_batch([normal(text) for text in texts])
        rows = [framed(ids, encoder.end_id, longest) for ids in whole]
        return Examples(rows, labels, recutting(encoder, whole, longest))

    learnt, other = cut(*rest), cut(*held)
    precision = "bf16" if has_fast_bf16(torch.device("cpu")) else "fp32"
    settings = TuneSettings(
        epochs=epochs,
        lr=asked.lr,
        dropout=asked.dropout,
        side=asked.side,
        blanked=asked.blanked,
        merge_dropout=asked.merge_dropout,
        precision=precision,
    )
    shape = NetSettings(n_classes=2, both_ways=not asked.causal)
    assert isinstance(loaded.model, Transformer)
    net = tune(
        loaded.model, learnt, other, encoder.end_id, shape, settings, seed=seed, on_look=_tell
    )
    return {
        "held": probabilities(net, other.rows, encoder.end_id).numpy(),
        "test": probabilities(net, cut(test).rows, encoder.end_id).numpy(),
        "seconds": time.process_time() - began,
    }


def _tell(done: float, loss: float, accuracy: float) -> None:
    print(f"{done:4.0%}  loss {loss:.4f}  held out {accuracy:.4f}", flush=True)


def margins(distances: Float[Array, " n"]) -> Float[Array, "n 2"]:
    """Read a distance from the SVM's plane as log-odds; the pool's weight finds the scale."""
    return softmax(np.stack([-distances, distances], axis=1))


def scores(
    says_good: Bool[Array, " n"], labels: Int[Array, " n"], is_new: Bool[Array, " n"]
) -> dict[str, float]:
    """Give the official accuracy, and the one over reviews that are not in the training split."""
    is_right = says_good.astype(int) == labels
    return {"accuracy": float(is_right.mean()), "accuracy_new": float(is_right[is_new].mean())}


def kept(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Give what a stage made, if need be by making it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = make()
        part = path.with_suffix(".part.npz")
        np.savez(part, **made)
        part.replace(path)
    return dict(np.load(path))


if __name__ == "__main__":
    main()
