"""The sizes of a model: what a budget can feed and a text can fill, and what was asked for."""

import math
from typing import Any

from naepo.config import Table, merge
from naepo.encode import Corpus
from naepo.model import ModelSettings, PartSettings
from naepo.train.family import Family, feed_forward_width
from naepo.train.siblings import SIBLINGS

TOKENS_PER_WEIGHT = 6.0
"""How many tokens a weight of a transformer's blocks should see: fewer than the 20 of Hoffmann et
al. 2022 (arXiv:2203.15556), whose texts are read once; see LOG.md."""
WEIGHTS_PER_TOKEN = 8
"""The most weights in the blocks for each token of the corpus."""
MUSIC_CONTEXT = 320
"""How many ids a model of music sees at least: about five bars of four voices. The first rungs of
the ladder would show it two (LOG.md)."""
D_HEAD = 64
"""Width of a head: what other engines have kernels for, and the fastest here."""
SHAPES = (
    (64, 2, 64),
    (64, 4, 128),
    (128, 3, 128),
    (128, 4, 128),
    (192, 4, 192),
    (192, 6, 256),
    (256, 6, 256),
    (320, 6, 256),
    (384, 8, 512),
    (512, 8, 512),
    (640, 10, 1024),
    (768, 12, 1024),
    (1024, 16, 1024),
)
"""The ladder of (d_model, n_layers, context_length) that a transformer's budget picks from."""


def choose_sizes(compute: float, corpus: Corpus, asked: Table) -> dict[str, Any]:
    """Give the table `[model]`: what was asked for, and the rest to go with it.

    compute: floating-point operations of training that the budget buys.  asked: `kind` too.
    """
    family = family_of(asked)
    d_model, n_layers, context_length = _rung(family, compute, corpus)
    chosen = merge(
        {"d_model": d_model, "n_layers": n_layers, "context_length": context_length}, asked
    )
    return {**family.fill(chosen), **chosen, "vocab_size": corpus.encoder.vocab_size}


def family_of(asked: Table) -> Family:
    """Give what is known of the kind that was asked for; of one that does not exist, the
    transformer's: the settings refuse it."""
    return FAMILIES.get(asked.get("kind", ModelSettings.kind), TRANSFORMER)


def _rung(family: Family, compute: float, corpus: Corpus) -> tuple[int, int, int]:
    """Pick the rung of the ladder whose weights the budget can feed, and the corpus can fill."""
    weights = math.sqrt(compute / (6 * family.tokens_per_weight))
    weights = min(weights, WEIGHTS_PER_TOKEN * len(corpus.train.ids))
    d_model, n_layers, context_length = family.ladder[0]
    for shape in family.ladder:
        if family.weights * shape[0] ** 2 * shape[1] <= weights:
            d_model, n_layers, context_length = shape
    if corpus.encoder.unit == "event":
        context_length = max(context_length, MUSIC_CONTEXT)
    shortest = min(len(corpus.train.ids), max(2, len(corpus.validation.ids)))
    return d_model, n_layers, max(1, min(context_length, shortest // 4))


def _number_of_heads(d_model: int, d_head: int | None) -> int:
    """As many heads of the asked or usual width as fit; of a narrow model two, where that halves.

    Two heads of 32 learn no worse than one of 64 (LOG.md), and show what heads are for.

    >>> _number_of_heads(64, None), _number_of_heads(256, None), _number_of_heads(64, 64)
    (2, 4, 1)
    """
    if d_head is not None:
        return max(1, d_model // d_head)
    return max(2 if d_model % 4 == 0 else 1, d_model // D_HEAD)


def _fill(asked: Table) -> dict[str, Any]:
    """Give the heads and the feed-forward that go with a width."""
    d_model = asked["d_model"]
    n_heads = asked.get("n_heads") or _number_of_heads(d_model, asked.get("d_head"))
    mlp = (asked.get("parts") or {}).get("mlp") or PartSettings().mlp
    return {
        "n_heads": n_heads,
        "n_kv_heads": n_heads,
        "d_head": max(2, d_model // n_heads),
        "d_ff": feed_forward_width(d_model, mlp),
    }


def _words(s: ModelSettings) -> str:
    return (
        f"{s.n_layers} layers of width {s.d_model}, heads of {s.d_head}, context {s.context_length}"
    )


TRANSFORMER = Family(
    ladder=SHAPES,
    weights=12,
    fill=_fill,
    words=_words,
    efficiency=0.4,
    tokens_per_weight=TOKENS_PER_WEIGHT,
)
FAMILIES = {ModelSettings.kind: TRANSFORMER, **SIBLINGS}
