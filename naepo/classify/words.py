"""The words that decided: what each word of a text adds to the winner's lead.

The lead is ln p(winner) − ln p(runner-up). Three ways, each said with its words:

    n-grams     exact: the lead is a sum over n-grams; each gives its share to the characters it
                covers, and a word has what its characters have
    vectors     exact for a mean: the lead is a sum over positions; a word has what its ids have
    else        leave one out: by how much the lead falls when the word is not there
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from naepo.classify.features import VectorPart
from naepo.classify.ngrams import normal
from naepo.classify.parts import SMALLEST, LinearPart

if TYPE_CHECKING:
    from naepo.classify.classifier import Classifier
    from naepo.classify.source import Source

Array = np.ndarray
MOST_WORDS = 200
"""Words of a text that are left out one by one."""


@dataclass(frozen=True)
class Word:
    """A word, where it begins (characters), and what it adds to the lead, in nats.

    how: "exact" when the words and what no word says add up to the lead, else "without".
    """

    text: str
    begin: int
    lead: float
    how: str


def deciding_words(classifier: "Classifier", text: str) -> list[Word]:
    """Give each word with what it adds to the winner's lead, the largest first."""
    shown = normal(text)
    found = [(word.group(), word.start()) for word in re.finditer(r"\S+", shown)]
    if not found:
        return []
    row = classifier.probabilities([shown])[0]
    winner, second = (int(place) for place in np.argsort(-row, kind="stable")[:2])
    if _is_additive(classifier):
        leads = np.zeros(len(found))
        for part, weight in zip(classifier.parts, classifier.weights, strict=True):
            assert isinstance(part, LinearPart)
            leads += weight * _exact(part, shown, found, winner, second, classifier.source)
        how = "exact"
    else:
        leads = _without(classifier, shown, found[:MOST_WORDS], winner, second)
        how = "without"
    words = [
        Word(word, begin, float(lead), how)
        for (word, begin), lead in zip(found, leads, strict=False)
    ]
    return sorted(words, key=lambda word: -word.lead)


def _is_additive(classifier: "Classifier") -> bool:
    """Whether the lead is a sum over the places of a text."""
    return all(
        isinstance(part, LinearPart)
        and (part.features.vectors is None or part.features.vectors.pooling == "mean")
        for part in classifier.parts
    )


def _exact(
    part: LinearPart,
    text: str,
    words: Sequence[tuple[str, int]],
    winner: int,
    second: int,
    source: "Source | None",
) -> Float[Array, " words"]:
    """Give what each word adds, from n-grams and from vectors."""
    lead = part.linear.weights[:, winner] - part.linear.weights[:, second]
    per_character = np.zeros(len(text))
    ngrams, n_dense = part.features.ngrams, part.features.n_dense
    if ngrams is not None:
        values = ngrams.transform([text]).toarray()[0]
        spans = ngrams.spans(text)
        counts: dict[int, int] = {}
        for column, *_ in spans:
            counts[column] = counts.get(column, 0) + 1
        for column, begin, end in spans:
            share = values[column] * lead[n_dense + column] / counts[column] / (end - begin)
            per_character[begin:end] += share
    if part.features.vectors is not None and source is not None:
        per_character += _of_positions(part.features.vectors, text, lead[:n_dense], source)
    return np.array([per_character[begin : begin + len(word)].sum() for word, begin in words])


def _of_positions(
    vectors: VectorPart, text: str, lead: Float[Array, " width"], source: "Source"
) -> Float[Array, " characters"]:
    """Spread what each id adds over the characters whose bytes it holds.

    A mean over positions is linear in each, so that state · weight / (deviation · n) is its share;
    what the mean of the training vectors takes away is no word's.
    """
    ids = source.encode([text])[0]
    states = position_states(source, ids, vectors.layer)
    each = states @ (lead / vectors.standard.deviation / np.sqrt(len(lead))) / max(1, len(ids))
    ends = np.cumsum([len(character.encode()) for character in text])
    spread, at = np.zeros(len(text)), 0
    for id, value in zip(ids.tolist(), each, strict=True):
        length = len(source.encoder.content(id))
        first, last = np.searchsorted(ends, [at, max(at, at + length - 1)], side="right")
        first, last = min(first, len(text) - 1), min(last, len(text) - 1)
        spread[first : last + 1] += value / (last + 1 - first)
        at += length
    return spread


def position_states(source: "Source", ids: Array, layer: int) -> Float[Array, "time d_model"]:
    """Give the state of each id at a layer, read in the same windows as a pooled vector."""
    import torch

    from naepo.embed.pooling import windows_of

    model, rows = source.model, []
    length = model.settings.context_length
    for window in windows_of([ids], source.encoder.end_id, length):
        with torch.inference_mode():
            states = model.hidden(torch.tensor([window.ids]))[layer][0]
        rows.append(states[window.n_prefix :].double().numpy())
    return np.concatenate(rows)[: len(ids)]


def _without(
    classifier: "Classifier",
    text: str,
    words: Sequence[tuple[str, int]],
    winner: int,
    second: int,
) -> Float[Array, " words"]:
    """Give by how much the lead falls without each word."""
    texts = [text] + [text[:begin] + text[begin + len(word) :] for word, begin in words]
    rows = np.log(np.maximum(classifier.probabilities(texts), SMALLEST))
    leads = rows[:, winner] - rows[:, second]
    return leads[0] - leads[1:]
