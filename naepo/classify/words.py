"""The words that decided: what each word of a text adds to the winner's lead.

The lead is ln p(winner) − ln p(runner-up). Three ways, each said with its words:

    n-grams     exact: the lead is a sum over n-grams; each gives its share to the characters it
                covers, and a word has what its characters have
    vectors     exact for a mean: the lead is a sum over positions; a word has what its ids have
    else        leave one out: by how much the lead falls when the word is not there
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from naepo.classify.features import VectorPart
from naepo.classify.ngrams import Ngrams, normal
from naepo.classify.parts import SMALLEST, LinearPart
from naepo.encode.normal_form import normalized

if TYPE_CHECKING:
    from naepo.classify.classifier import Classifier
    from naepo.classify.source import Source

Array = np.ndarray
MOST_WORDS = 200
"""Words of a text that are left out one by one."""


@dataclass(frozen=True)
class Word:
    """A word, where it begins in the text (characters, in NFC), and what it adds, in nats.

    how: "exact" when the words and what no word says add up to the lead, else "without".
    """

    text: str
    begin: int
    lead: float
    how: str


def deciding_words(classifier: "Classifier", text: str) -> list[Word]:
    """Give each word with what it adds to the winner's lead, the largest first."""
    text = normalized(text, "NFC")
    found = words_of(text)
    if not found:
        return []
    row = classifier.probabilities([text])[0]
    winner, second = (int(place) for place in np.argsort(-row, kind="stable")[:2])
    if _is_additive(classifier):
        leads = np.zeros(len(found))
        for part, weight in zip(classifier.parts, classifier.weights, strict=True):
            assert isinstance(part, LinearPart)
            leads += weight * _exact(part, text, winner, second, classifier.source)
        how = "exact"
    else:
        leads = _without(classifier, text, found[:MOST_WORDS], winner, second)
        how = "without"
    words = [
        Word(word, begin, float(lead), how)
        for (word, begin), lead in zip(found, leads, strict=False)
    ]
    return sorted(words, key=lambda word: -word.lead)


def words_of(text: str) -> list[tuple[str, int]]:
    """Give the words of a text and where each begins.

    >>> words_of("so  good")
    [('so', 0), ('good', 4)]
    """
    return [(word.group(), word.start()) for word in re.finditer(r"\S+", text)]


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
    winner: int,
    second: int,
    source: "Source | None",
) -> Float[Array, " words"]:
    """Give what each word adds, from n-grams and from vectors.

    N-grams are counted in the normal form, which has the same words in other places.
    """
    lead = part.linear.weights[:, winner] - part.linear.weights[:, second]
    ngrams, n_dense = part.features.ngrams, part.features.n_dense
    leads = np.zeros(len(words_of(text)))
    if ngrams is not None:
        shown = normal(text)
        leads += _by_word(_of_ngrams(ngrams, shown, lead[n_dense:]), shown)
    if part.features.vectors is not None and source is not None:
        leads += _by_word(_of_positions(part.features.vectors, text, lead[:n_dense], source), text)
    return leads


def _by_word(per_character: Float[Array, " characters"], text: str) -> Float[Array, " words"]:
    return np.array([per_character[at : at + len(word)].sum() for word, at in words_of(text)])


def _of_ngrams(
    ngrams: Ngrams, text: str, lead: Float[Array, " columns"]
) -> Float[Array, " characters"]:
    """Spread what each n-gram adds over the characters that it covers."""
    values, spans = ngrams.transform([text]).toarray()[0], ngrams.spans(text)
    counts = Counter(column for column, *_ in spans)
    spread = np.zeros(len(text))
    for column, begin, end in spans:
        spread[begin:end] += values[column] * lead[column] / counts[column] / (end - begin)
    return spread


def _of_positions(
    vectors: VectorPart, text: str, lead: Float[Array, " width"], source: "Source"
) -> Float[Array, " characters"]:
    """Spread what each id adds over the characters whose bytes it holds.

    A mean over positions is linear in each, so that state · weight / (deviation · n) is its share;
    what the mean of the training vectors takes away is no word's, and what the encoder does not
    know has no share.
    """
    places = source.known_places(text)
    if not places:
        return np.zeros(len(text))
    read = "".join(text[place] for place in places)
    ids = source.encoder.encode(read)
    states = position_states(source, ids, vectors.layer)
    each = states @ (lead / vectors.standard.deviation / np.sqrt(len(lead))) / max(1, len(ids))
    ends = np.cumsum([len(character.encode()) for character in read])
    spread, at = np.zeros(len(read)), 0
    for id, value in zip(ids.tolist(), each, strict=True):
        length = len(source.encoder.content(id))
        first, last = np.searchsorted(ends, [at, max(at, at + length - 1)], side="right")
        first, last = min(first, len(read) - 1), min(last, len(read) - 1)
        spread[first : last + 1] += value / (last + 1 - first)
        at += length
    whole = np.zeros(len(text))
    whole[places] = spread
    return whole


def position_states(source: "Source", ids: Array, layer: int) -> Float[Array, "time d_model"]:
    """Give the state of each id at a layer, read in the same windows as a pooled vector."""
    import torch

    from naepo.embed.pooling import windows_of

    model, rows = source.model, []
    length = model.settings.context_length
    device = next(iter(model.parameters())).device if isinstance(model, torch.nn.Module) else None
    for window in windows_of([ids], source.encoder.end_id, length):
        with torch.inference_mode():
            states = model.hidden(torch.tensor([window.ids], device=device))[layer][0]
        rows.append(states[window.n_prefix :].cpu().double().numpy())
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
