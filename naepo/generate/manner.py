"""How a piece is written, what comes of it, and what was decided on the way."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from naepo.config import UserError
from naepo.encode.encoder import Encoder
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Score
from naepo.generate.constraint import Plan
from naepo.generate.decode import Note, check, first_window
from naepo.generate.parallels import wish_of
from naepo.generate.particles import Chosen, Particles
from naepo.generate.sampling import Sampling
from naepo.generate.voices import temperature_of_places
from naepo.model import LanguageModel


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a piece is written."""

    sampling: Sampling = field(default_factory=Sampling)
    """How each id is drawn; a seed that is none is drawn, and told."""
    temperatures: Mapping[str, float] = field(default_factory=dict)
    """Of single voices (S, A, T, B), instead of the one of `sampling`; of the grid only."""
    avoid: tuple[str, ...] = ()
    """What is left out where another note may come: "parallels" (`parallels.py`); grid only."""
    particles: int = 32
    """How many pieces grow side by side, so that what comes later is heard before; 1 to 4,096."""
    on_note: Note | None = None
    """Is told one line about what was decided."""
    on_ids: Callable[[int], None] | None = None
    """Is told, after each, how many ids were written."""

    def seeded(self) -> "Manner":
        """Give the same with a seed, drawn if there is none."""
        if self.sampling.seed is not None:
            return self
        return replace(self, sampling=replace(self.sampling, seed=secrets.randbelow(2**31)))

    def say(self, note: str) -> None:
        """Tell one line, if somebody listens."""
        if self.on_note is not None:
            self.on_note(note)


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A piece, and how it came about: the same seed and manner write the same piece.

    notation, ids: as the model wrote the piece, before it was moved back.
    chosen: the text that was drawn, its log-probability, and the effective sample size.
    avoid: what the piece was kept clear of beside the grammar, as the manner said.
    transposed: by how many semitones a melody was moved for the model, and the piece back.
    """

    score: Score
    notation: str
    ids: tuple[int, ...]
    seed: int
    particles: int
    chosen: Chosen
    avoid: tuple[str, ...] = ()
    transposed: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the piece came to the end that was asked for."""
        return self.chosen.is_whole

    def describe(self) -> str:
        """Say in one line what was decided."""
        chosen = self.chosen
        line = f"seed {self.seed}, {self.particles} particles"
        if self.particles > 1:
            line += (
                f" (at least {chosen.ess_min:.1f} of them counted, "
                f"drawn anew {chosen.n_resamplings} times)"
            )
        if self.avoid:
            line += f", {' and '.join(self.avoid)} avoided"
        return f"{line}, {chosen.log_probability:.1f} nats for {len(chosen.ids):,} ids"


def as_music(model: LanguageModel, encoder: Encoder) -> MusicEncoder:
    """Give the encoder as one of music. Raises: UserError for one of text, or of another model."""
    if not isinstance(encoder, MusicEncoder):
        raise UserError(
            f"this model was trained on text (encoder {encoder.kind!r}), so it knows no notes",
            hint="train one on music: naepo train bach --out runs/bach",
        )
    check(model, encoder, 1)
    return encoder


def write(
    model: LanguageModel,
    music: MusicEncoder,
    prompt: Sequence[int],
    plan: Plan,
    manner: Manner,
    most_ids: int,
) -> Chosen:
    """Write what follows a prompt after a plan; cut it off after most_ids."""
    particles = begin(model, music, prompt, plan, manner)
    particles.grow(most_ids, manner.on_ids)
    return particles.choose()


def begin(
    model: LanguageModel, music: MusicEncoder, prompt: Sequence[int], plan: Plan, manner: Manner
) -> Particles:
    """Make the particles that follow a prompt after a plan. Of a long prompt the end is read."""
    sampling = manner.sampling
    wish = wish_of(music, manner.avoid)
    if wish is not None:
        for id in prompt:
            wish.advance(id)
        plan = plan.avoiding(wish)
    return Particles(
        model,
        first_window(prompt, music, model.settings.longest, manner.on_note),
        plan,
        n_particles=manner.particles,
        sampling=sampling,
        n_ids=music.vocab_size,
        temperature_of=temperature_of_places(music, sampling.temperature, manner.temperatures),
    )


def finished(
    music: MusicEncoder, score: Score, ids: Sequence[int], chosen: Chosen, manner: Manner
) -> Composition:
    """Put together what came out and what was decided."""
    assert manner.sampling.seed is not None, "the manner is seeded"
    return Composition(
        score=score,
        notation=music.decode(ids),
        ids=tuple(ids),
        seed=manner.sampling.seed,
        particles=manner.particles,
        chosen=chosen,
        avoid=manner.avoid,
    )


def dressed(told: Score, like: Score) -> Score:
    """Give what was written the title, tempo, metre and key of its score, exactly as they were."""
    signs = replace(like, notes=()).at_resolution(told.ticks_per_quarter)
    return replace(
        told,
        title=like.title,
        tempos=signs.tempos or told.tempos,
        meters=signs.meters or told.meters,
        keys=signs.keys or told.keys,
    )
