"""The encoder of a corpus: the one that was asked for, or the one that suits the text."""

import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from naepo.config import UserError, did_you_mean
from naepo.encode import bpe, choose
from naepo.encode.bpe import BPEEncoder
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.characters import CharacterEncoder
from naepo.encode.choose import TextCounts, bpe_vocab_size, choose_encoder, count_text
from naepo.encode.encoder import Encoder
from naepo.encode.load import load_encoder
from naepo.encode.music.corpus import KINDS as MUSIC_KINDS
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.grid import GridEncoder
from naepo.encode.music.load import MERGED
from naepo.encode.music.merges import MergedEncoder
from naepo.encode.seal import sha256_of_table
from naepo.encode.settings import DataSettings
from naepo.encode.spool import Part, texts

COUNTED = 50_000_000
"""Characters that are looked at before an encoder is chosen, from the start of the text."""
GLANCED_AT = 1_000_000
"""Characters that are looked at when there is nothing to choose, to tell the share of Hangul."""
LEARNT_FROM = 200_000_000
"""Characters that merges are learnt from; of a longer text, pieces spread evenly over it."""
MUSIC_MERGES = 512
"""So many merges of events are learnt where nobody says how many ids there should be."""
PIECE = 1 << 14
KINDS = ("auto", "characters", "bytes", "bpe", *MUSIC_KINDS)


@dataclass(frozen=True)
class Learnt:
    """An encoder, why it is this one, and the share of Hangul in the text."""

    encoder: Encoder
    reason: str
    hangul_share: float


def check_wish(settings: DataSettings) -> None:
    """Raise a UserError for an encoder that does not exist, before any text is read."""
    wish = settings.encoder
    if wish not in KINDS and not Path(wish).exists():
        raise UserError(
            f"no encoder is called `{wish}`, and no such tokenizer.json exists",
            hint=did_you_mean(wish, KINDS),
        )
    if settings.vocab_size is not None and wish not in ("auto", "bpe", *MUSIC_KINDS):
        raise UserError(
            f"vocab_size is for an encoder trained here, got encoder={wish}",
            hint="--encoder bpe, or leave out --data.vocab-size",
        )


def rules() -> str:
    """Tell this way of choosing and training from that of another version, by its very code."""
    return sha256_of_table([inspect.getsource(module) for module in (bpe, choose)])


def learn_merges(encoder: MusicEncoder, settings: DataSettings, train: Part, reason: str) -> Learnt:
    """Give the encoder of a corpus of music: the one it is written in, or merges of its events.

    Merges are learnt, on the training part, where the kind or `vocab_size` asks for them.
    """
    vocab_size = settings.vocab_size
    if vocab_size is None and settings.encoder.endswith(MERGED):
        vocab_size = encoder.vocab_size + MUSIC_MERGES
    if vocab_size is None:
        return Learnt(encoder, f"{reason} It has {encoder.vocab_size:,} ids.", 0.0)
    assert isinstance(encoder, EventEncoder | GridEncoder), "what a corpus is written in"
    made = MergedEncoder.train(encoder, texts(train), vocab_size)
    return Learnt(made, f"{reason} Byte pairs of events make {made.vocab_size:,} ids.", 0.0)


def learn_encoder(settings: DataSettings, train: Part, validation: Part) -> Learnt:
    """Give the encoder that the settings ask for.

    Chosen, and trained, on the training part alone; only the alphabet of a character encoder comes
    from both parts, so that the held-out text can be told at all.
    """
    if settings.encoder in MUSIC_KINDS:
        raise UserError(
            f"{settings.encoder} is an encoder of music, and the corpus is text",
            hint="--encoder auto",
        )
    counts = _counts(train, COUNTED if settings.encoder == "auto" else GLANCED_AT)
    share = counts.n_hangul / max(1, counts.n_characters)
    kind, vocab_size, reason = _decide(settings, counts)
    if kind == "characters":
        encoder = CharacterEncoder.fit(chain(texts(train), texts(validation)))
    elif kind == "bytes":
        encoder = ByteEncoder()
    elif kind == "bpe":
        encoder = BPEEncoder.train(_spread(train), vocab_size or bpe_vocab_size(train.n_bytes))
        if train.n_characters > LEARNT_FROM:
            reason += f" Merges were learnt from {LEARNT_FROM:,} characters spread over the text."
    else:
        encoder = load_encoder(Path(kind))
    return Learnt(encoder, f"{reason} It has {encoder.vocab_size:,} ids.", share)


def _decide(settings: DataSettings, counts: TextCounts) -> tuple[str, int | None, str]:
    if settings.encoder != "auto":
        return settings.encoder, settings.vocab_size, f"{settings.encoder}, as asked for."
    if settings.vocab_size is not None:
        return "bpe", settings.vocab_size, "byte-pair encoding, because vocab_size was given."
    choice = choose_encoder(counts)
    return choice.kind, choice.vocab_size, choice.reason


def _counts(train: Part, n_characters: int) -> TextCounts:
    """Count the first characters of a text, and take the rest to be like them."""
    seen = count_text(islice(texts(train, PIECE), math.ceil(n_characters / PIECE)))
    more = train.n_characters / max(1, seen.n_characters)
    return replace(
        seen,
        n_characters=train.n_characters,
        n_bytes=train.n_bytes,
        n_hangul=round(seen.n_hangul * more),
    )


def _spread(train: Part) -> Iterator[str]:
    return islice(texts(train, PIECE), 0, None, math.ceil(train.n_characters / LEARNT_FROM))
