"""Reviews made on the spot, and a tiny run that has never seen them."""

import numpy as np
import pytest

from naepo import checkpoint
from naepo.classify.source import Source
from naepo.encode import CharacterEncoder
from naepo.model import ModelSettings, build

GOOD = ("좋아요", "최고", "재밌다", "감동", "great")
BAD = ("별로", "지루", "최악", "아깝다", "boring")


def reviews(n=160, seed=0):
    """Give texts with a word that tells their class, and their labels."""
    draw = np.random.default_rng(seed)
    texts, labels = [], []
    for number in range(n):
        is_good = number % 2 == 0
        words = [str(draw.choice(GOOD if is_good else BAD)), "영화", f"{draw.integers(1000)}편"]
        draw.shuffle(words)
        texts.append(" ".join(words))
        labels.append("good" if is_good else "bad")
    return texts, labels


@pytest.fixture(scope="session")
def examples():
    return reviews()


@pytest.fixture(scope="session")
def run(tmp_path_factory, examples):
    """A saved run of a model that was never trained."""
    encoder = CharacterEncoder.fit([*examples[0], "abcdefghijklmnopqrstuvwxyz 0123456789"])
    shape = ModelSettings(
        vocab_size=encoder.vocab_size, context_length=32, d_model=16, n_layers=2, n_heads=2,
        n_kv_heads=2, d_head=8, d_ff=32,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("runs") / "mine"
    model = build(shape, seed=1)
    checkpoint.save(folder, 1, model=model, encoder=encoder, settings={}, metrics={}, state=None)
    return folder


@pytest.fixture
def source(run):
    return Source.of(checkpoint.load(run))
