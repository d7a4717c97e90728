"""A language model and an encoder small enough to see through, both true to their protocols."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from naepo.config import UserError
from naepo.encode.encoder import Ids, Token
from naepo.model import ModelSettings
from naepo.model.cache import State


class Pieces:
    """An encoder whose ids stand for the given bytes, longest first; the last id is the end."""

    kind = "pieces"
    unit = "character"
    fingerprint = "0" * 64

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = list(pieces)
        self.end_id = len(self.pieces)
        self.vocab_size = len(self.pieces) + 1

    def encode(self, text: str) -> Ids:
        ids, rest = [], text.encode()
        while rest:
            fitting = [i for i, piece in enumerate(self.pieces) if rest.startswith(piece)]
            if not fitting:
                raise UserError(f"no id for {rest!r}")
            best = max(fitting, key=lambda i: len(self.pieces[i]))
            ids.append(best)
            rest = rest[len(self.pieces[best]) :]
        return np.array(ids, dtype=np.int64)

    def encode_batch(self, texts: Sequence[str]) -> list[Ids]:
        return [self.encode(text) for text in texts]

    def decode(self, ids: Iterable[int]) -> str:
        return b"".join(map(self.content, ids)).decode(errors="replace")

    def content(self, id: int) -> bytes:
        return b"" if id == self.end_id else self.pieces[id]

    def describe(self, id: int) -> Token:
        return Token(id, self.content(id), repr(self.content(id)))

    def save(self, folder: Path) -> None:
        raise NotImplementedError


@dataclass(kw_only=True)
class Read(State):
    """What has been read, id by id."""

    ids: Tensor


class Toy(nn.Module):
    """Scores the next id by a rule over all ids it sees, and notes what it was given to read."""

    def __init__(self, vocab_size: int, context_length: int, rule: Callable[[Tensor], Tensor]):
        super().__init__()
        self.settings = ModelSettings(vocab_size=vocab_size, context_length=context_length)
        self.rule = rule
        self.given: list[list[int]] = []
        self.modes: list[tuple[bool, bool]] = []
        """(is it training, is it inference mode) at each reading."""

    def forward(self, ids: Tensor) -> Tensor:
        self._note(ids)
        return self.rule(ids)

    def hidden(self, ids: Tensor) -> list[Tensor]:
        return []

    def start(self, batch_size: int = 1) -> Read:
        return Read(batch_size, [], ids=torch.zeros(batch_size, 0, dtype=torch.long))

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, Read]:
        assert isinstance(state, Read)
        self._note(ids)
        whole = torch.cat([state.ids, ids], dim=1)
        assert whole.shape[1] <= self.settings.context_length
        return self.rule(whole)[:, -ids.shape[1] :], Read(state.batch_size, [], ids=whole)

    def _note(self, ids: Tensor) -> None:
        self.given.append(ids[0].tolist())
        self.modes.append((self.training, torch.is_inference_mode_enabled()))


def by_hash(vocab_size: int) -> Callable[[Tensor], Tensor]:
    """Every id seen, and its place, change every score: a wrong window cannot go unnoticed."""
    table = torch.randn(997, vocab_size, generator=torch.Generator().manual_seed(0))

    def rule(ids: Tensor) -> Tensor:
        places = torch.arange(1, ids.shape[1] + 1)
        return table[(places * (ids + 1)).cumsum(dim=1) % 997]

    return rule


def by_script(script: Sequence[int], vocab_size: int) -> Callable[[Tensor], Tensor]:
    """After n ids comes script[n - 1], whatever the ids are, and after the script its last."""
    scores = nn.functional.one_hot(torch.tensor(script), vocab_size) * 50.0

    def rule(ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1]).clamp_max(len(script) - 1)
        return scores[places].expand(len(ids), -1, -1)

    return rule


@pytest.fixture
def pieces() -> type[Pieces]:
    return Pieces


@pytest.fixture
def letters() -> Pieces:
    """Ids 0 to 7 are a to h, 8 is the end."""
    return Pieces([letter.encode() for letter in "abcdefgh"])


@pytest.fixture
def hashing() -> Callable[..., Toy]:
    """A model that tells apart all windows."""

    def make(vocab_size: int = 9, context_length: int = 8) -> Toy:
        return Toy(vocab_size, context_length, by_hash(vocab_size))

    return make


@pytest.fixture
def scripted() -> Callable[..., Toy]:
    """A model that says the given ids, one after another."""

    def make(script: Sequence[int], vocab_size: int, context_length: int = 1000) -> Toy:
        return Toy(vocab_size, context_length, by_script(script, vocab_size))

    return make
