"""miditok, set up so that it keeps what a score says: from our score to its tokens.

Source: Fradet et al. 2021 (arXiv:2310.17202), and the tokenizations that they cite.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from naepo.config import UserError
from naepo.encode.music.event_words import DRUMS
from naepo.encode.music.score import Score

if TYPE_CHECKING:
    from miditok import MusicTokenizer

CLASSES = {"remi": "REMI", "tsd": "TSD", "midi-like": "MIDILike", "structured": "Structured"}
"""Our kinds, and miditok's names for them."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How fine an event notation is, and how wide; see `events.EventEncoder`."""

    kind: str
    positions_per_beat: int
    longest_beats: int
    pitches: tuple[int, int]
    drums: tuple[int, int] | None
    programs: tuple[int, ...]
    has_velocities: bool
    tempos: tuple[int, ...]
    meters: tuple[tuple[int, int], ...]
    has_keys: bool


def make_tokenizer(scale: Scale) -> "MusicTokenizer":
    """Make miditok's tokenizer. Raises: UserError where miditok is not installed."""
    try:
        import miditok
    except ImportError:
        raise UserError(
            f"the encoder `{scale.kind}` needs miditok", hint='pip install "naepo[music]"'
        ) from None
    units: dict[int, list[int]] = {}
    for beats, unit in scale.meters:
        units.setdefault(unit, []).append(beats)
    first, last = min(scale.tempos, default=120), max(scale.tempos, default=120)
    is_plain = scale.kind == "structured"
    config = miditok.TokenizerConfig(
        pitch_range=scale.pitches,
        beat_res={(0, scale.longest_beats): scale.positions_per_beat},
        num_velocities=127,
        special_tokens=["PAD"],
        use_velocities=scale.has_velocities,
        use_tempos=bool(scale.tempos) and not is_plain,
        num_tempos=last - first + 1,
        tempo_range=(first, last),
        use_time_signatures=bool(scale.meters) and not is_plain,
        time_signature_range=units or {4: [4]},
        use_key_signatures=scale.has_keys and not is_plain,
        use_programs=bool(scale.programs),
        programs=list(scale.programs),
        use_pitchdrum_tokens=scale.drums is not None,
        drums_pitch_range=scale.drums or (27, 88),
        use_chords=False,
        use_rests=False,
        use_sustain_pedals=False,
        use_pitch_bends=False,
        use_control_changes=False,
    )
    return getattr(miditok, CLASSES[scale.kind])(config)


def words_of(tokenizer: "MusicTokenizer") -> list[str]:
    """Give the words of its vocabulary in their order, without the special ones."""
    vocab: Any = tokenizer.vocab
    return [word for word in vocab if not word.startswith("PAD_")]


def tokens_of(tokenizer: "MusicTokenizer", score: Score, programs: Sequence[int]) -> list[str]:
    """Write a score, whose ticks are the tokenizer's, as miditok's tokens.

    programs: the program that each part is told by, -1 for drums.
    """
    told: Any = tokenizer.encode(_to_symusic(score, programs), encode_ids=False)
    sequences = told if isinstance(told, list) else [told]
    return [token for sequence in sequences for token in sequence.tokens]


def _to_symusic(score: Score, programs: Sequence[int]) -> Any:
    import symusic

    made: Any = symusic.Score(score.ticks_per_quarter)
    for part, program in enumerate(programs):
        notes = score.notes_of(part)
        if not notes:
            continue
        track: Any = symusic.Track(program=max(program, 0), is_drum=program == DRUMS)
        for note in notes:
            track.notes.append(symusic.Note(note.onset, note.duration, note.pitch, note.velocity))
        made.tracks.append(track)
    for tempo in score.tempos:
        made.tempos.append(symusic.Tempo(tempo.onset, tempo.quarters_per_minute))
    for meter in score.meters:
        made.time_signatures.append(symusic.TimeSignature(meter.onset, meter.beats, meter.unit))
    for key in score.keys:
        made.key_signatures.append(
            symusic.KeySignature(key.onset, key.fifths, int(key.mode == "minor"))
        )
    return made
