"""How alike are two sentences? KorSTS and STS-B, Spearman's rank correlation on the test splits.

    python -m benchmarks.sts                       three seeds, without a network
    python -m benchmarks.sts --minutes 2           also with a GPT trained on the train sentences

Only the train splits are learnt from: their sentences, and their scores. What is chosen, was chosen
on the dev splits. Beside each figure stands the floor, a cosine that needs no training.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import NAEPO, data, run, spread, write
from naepo.embed.pair_features import TextPair, jamo, texts_of
from naepo.embed.pair_scorer import PairScorer, cosines_of

FLOORS = {"korsts": ("char", (2, 5), jamo), "stsb": ("char_wb", (2, 4), str.lower)}
"""The best of several cosines of tf-idf, as it was measured before anything was trained."""
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Of the cosine beside the scorer; dev chooses."""
Score = Callable[[Sequence[TextPair]], np.ndarray]
TUNE = 0.5
"""The share of the minutes that go into tuning on the pairs."""


def main() -> None:
    """Measure, print and write results/sts.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=0.0, help="of training a GPT, a seed")
    parser.add_argument("--sets", nargs="+", default=["korsts", "stsb"])
    asked = parser.parse_args()
    found = {name: measure(name, asked.seeds, asked.minutes) for name in asked.sets}
    write("sts", "Spearman's rho x 100 on the test split, learnt on the train split alone", found)


def measure(name: str, n_seeds: int, minutes: float) -> dict[str, Any]:
    """Measure one set: the floor, the learnt scorer, and the scorer with a GPT's vectors."""
    splits = {part: read(name, part) for part in ("train", "dev", "test")}
    result: dict[str, Any] = {"floor": _both(splits, floor(name, splits["train"][0]))}
    plain, fused, dense = [], [], []
    for seed in range(n_seeds):
        began = time.process_time()
        scorer = PairScorer.fit(*splits["train"], seed=seed)
        plain.append({**_both(splits, scorer.predict), "cpu_seconds": _since(began)})
        print(name, seed, plain[-1], flush=True)
        if minutes:
            model = sentences(splits["train"], minutes, seed)
            dense.append(_both(splits, partial(cosines_of, model)))
            fused.append(_fused(splits, scorer.predict, partial(cosines_of, model)))
            print(name, seed, dense[-1], fused[-1], flush=True)
    for label, each in (("scorer", plain), ("gpt_cosine", dense), ("scorer_with_gpt", fused)):
        if each:
            result[label] = {key: spread([one[key] for one in each]) for key in each[0]}
    return result


def read(name: str, part: str) -> tuple[list[TextPair], list[float]]:
    """Read a split: pairs and their scores, 0 to 5."""
    if name == "stsb":
        with data(f"english/stsb-en-{part}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        return [(one, other) for one, other, _ in rows], [float(score) for _, _, score in rows]
    lines = data(f"korean/korsts-{part}.tsv").read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines[1:]]
    return [(row[5], row[6]) for row in cells], [float(row[4]) for row in cells]


def floor(name: str, pairs: Sequence[TextPair]) -> Score:
    """Give the cosine of tf-idf on letters, fitted to the train sentences."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    kind, lengths, spell = FLOORS[name]
    view: Any = TfidfVectorizer(
        analyzer=kind, ngram_range=lengths, preprocessor=spell, sublinear_tf=True
    ).fit(texts_of(pairs))

    def score(asked: Sequence[TextPair]) -> np.ndarray:
        ours, theirs = (view.transform([pair[side] for pair in asked]) for side in (0, 1))
        return np.asarray(ours.multiply(theirs).sum(axis=1)).ravel()

    return score


def sentences(train: tuple[list[TextPair], list[float]], minutes: float, seed: int) -> Any:
    """Train a GPT on the train sentences, tune a copy on the pairs, and fit its vectors."""
    from naepo import checkpoint
    from naepo.embed.sentence_tuning import SentenceTuning, tune_sentences
    from naepo.embed.sentences import SentenceModel, SentenceSettings
    from naepo.model.kinds import transformer_of

    pairs, scores = train
    texts = texts_of(pairs)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sentences.txt"
        source.write_text("\n".join(texts) + "\n", encoding="utf-8")
        out = Path(folder) / "run"
        run([*NAEPO, "train", source, "--minutes", minutes * (1 - TUNE), "--out", out,
             "--seed", seed])  # fmt: skip
        loaded = checkpoint.load(out)
    scored = [(*pair, score / 5) for pair, score in zip(pairs, scores, strict=True)]
    tuned = tune_sentences(
        transformer_of(loaded.model, "tuning"),
        loaded.encoder,
        texts,
        SentenceTuning(seconds=60 * minutes * TUNE, seed=seed),
        pairs=scored,
    )
    settings = SentenceSettings(layers=(tuned.layer,), both_ways=True, whiten=False)
    return SentenceModel.fit(tuned.model, loaded.encoder, texts, settings)


def rho(ours: np.ndarray, theirs: Sequence[float]) -> float:
    """Give Spearman's rank correlation x 100."""
    from scipy.stats import spearmanr

    found: Any = spearmanr(ours, theirs)
    return round(100 * float(found[0]), 2)


def _both(splits: dict[str, tuple[list[TextPair], list[float]]], score: Any) -> dict[str, float]:
    """Score dev and test, and the test pairs of which no sentence is in the train split."""
    seen = set(texts_of(splits["train"][0]))
    pairs, wanted = splits["test"]
    found = score(pairs)
    new = [i for i, pair in enumerate(pairs) if not seen & set(pair)]
    return {
        "dev": rho(score(splits["dev"][0]), splits["dev"][1]),
        "test": rho(found, wanted),
        "test_deduplicated": rho(found[new], [wanted[i] for i in new]),
        "n_deduplicated": len(new),
    }


def _fused(
    splits: dict[str, tuple[list[TextPair], list[float]]], one: Score, other: Score
) -> dict[str, float]:
    """Add up two scores, each brought to mean 0 and deviation 1 by dev, by the best weight on dev.

    The scorer is not given the cosines to learn from: the model was tuned on the same pairs, and
    on those its cosines are better than they will be.
    """
    pairs, wanted = splits["dev"]
    ours, theirs = one(pairs), other(pairs)

    def summed(weight: float, asked: Sequence[TextPair]) -> np.ndarray:
        first = (one(asked) - ours.mean()) / ours.std()
        return first + weight * (other(asked) - theirs.mean()) / theirs.std()

    weight = max(WEIGHTS, key=lambda weight: rho(summed(weight, pairs), wanted))
    return {**_both(splits, partial(summed, weight)), "weight": weight}


def _since(began: float) -> float:
    return round(time.process_time() - began, 1)


if __name__ == "__main__":
    main()
