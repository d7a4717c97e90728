"""Which piece is this? Mean reciprocal rank of a sound among 100, for each of four embeddings.

python -m benchmarks.music_retrieval: the gallery is played by our synthesizer, the queries by
FluidSynth, and otherwise in one way: another instrument, 0.8 to 1.25 times as fast, 1 to 6
semitones higher or lower, 10 s of it, noise 10 dB below. Nothing is learned from the test pieces,
from the gallery's instrument or from FluidSynth. Three seeds draw queries and weights.

A search may compare whole pieces, or also moments of 10 s (the largest cosine counts), and take the
gallery's mean off or not. The tuned net takes it off, as `naepo search` does; each other embedding
is given the better of the two in every cell.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float

from benchmarks.music_sounds import (
    PERTURBATIONS,
    Heard,
    ours,
    perturbed,
    recordings,
    test_pieces,
    theirs,
)
from benchmarks.record import spread, write
from naepo.embed.codebook import FIRST_CHARACTER, Codebook, Scale
from naepo.embed.one_hot import sounding_pitches
from naepo.embed.pitch_frames import RATE
from naepo.embed.pooling import hidden_vectors
from naepo.embed.sound_encoder import SoundEncoder, settings, tune_sound, untuned
from naepo.embed.sound_views import Frames
from naepo.embed.sound_ways import chroma
from naepo.embed.time_series import vector
from naepo.embed.word_vectors import skip_gram
from naepo.encode import CharacterEncoder
from naepo.encode.encoder import Ids
from naepo.model import ModelSettings, Transformer, build

SEEDS = (0, 1, 2)
N_QUERIES = 40
"""Of each perturbation and seed."""
N_LEARNED = 300
TUNING_STEPS, GPT_STEPS = 160, 150
N_WORDS = 128
TUNED, CONTROL = "neural, tuned", "control: the net untuned"

Vectors = Float[np.ndarray, "n d"]
Embedding = Callable[[list[Heard]], Vectors]


def main() -> None:
    """Measure all, and write results/music_retrieval.json."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    synthesizer, play = theirs()
    scores = test_pieces()
    gallery = [ours(score) for score in scores]
    moments = [sound.moments() for sound in gallery]
    learned = recordings(N_LEARNED)
    fixed = Gallery(not_learned(gallery), gallery, moments)
    cells: dict[str, Any] = {}
    for seed in SEEDS:
        draw = np.random.default_rng(seed)
        fresh = Gallery(learned_embeddings(learned, seed), gallery, moments)
        for what in PERTURBATIONS:
            true = draw.permutation(len(scores))[:N_QUERIES]
            queries = [perturbed(scores[piece], what, play, draw) for piece in true]
            for found in (fixed, fresh):
                for name, ranks in found.ranks(queries, true).items():
                    for way, value in ranks.items():
                        cell = cells.setdefault(name, {}).setdefault(what, {})
                        cell.setdefault(way, []).append(value)
            print(seed, what, {n: round(cells[n][what]["whole"][-1], 3) for n in cells}, flush=True)
    write(
        "music_retrieval",
        "mean reciprocal rank of a piece, played otherwise, among 100",
        result(cells, synthesizer, began),
    )


def result(cells: dict[str, Any], synthesizer: str, began: float) -> dict[str, Any]:
    """Give the table, who wins where, and what it was measured on."""
    table = {
        name: {
            what: {way: spread([round(v, 4) for v in values]) for way, values in ways.items()}
            for what, ways in rows.items()
        }
        for name, rows in cells.items()
    }
    return {
        "n_gallery": 100,
        "n_queries_a_cell": N_QUERIES * len(SEEDS),
        "gallery": "naepo's synthesizer, piano",
        "queries": synthesizer,
        "learned_from": f"{N_LEARNED} chorales by six other instruments of naepo's synthesizer",
        "tuning_steps": TUNING_STEPS,
        "chance": float(np.mean(1 / np.arange(1, 101))),
        "mean_reciprocal_rank": table,
        "verdict": {what: verdict(table, what) for what in PERTURBATIONS},
        "seconds": time.perf_counter() - began,
    }


def verdict(table: dict[str, Any], what: str) -> dict[str, Any]:
    """Say whether the tuned net wins, each embedding searched in the way that suits it.

    Its control, the same net with random weights, is no rival: it tells what tuning added.
    """
    best = {name: max(way["mean"] for way in rows[what].values()) for name, rows in table.items()}
    others = {name: value for name, value in best.items() if name not in (TUNED, CONTROL)}
    rival = max(others, key=lambda name: others[name])
    return {
        "tuned": best[TUNED],
        "control": best[CONTROL],
        "best_other": rival,
        "its_rank": others[rival],
        "tuned_wins": best[TUNED] > others[rival],
    }


class Gallery:
    """The gallery as several embeddings see it."""

    def __init__(
        self, embeddings: dict[str, Embedding], whole: list[Heard], moments: list[list[Heard]]
    ) -> None:
        self.embeddings = embeddings
        self._owner = np.repeat(np.arange(len(moments)), [len(each) for each in moments])
        flat = [moment for each in moments for moment in each]
        self._whole = {name: embed(whole) for name, embed in embeddings.items()}
        self._moments = {name: embed(flat) for name, embed in embeddings.items()}

    def ranks(
        self, queries: list[Heard], true: Float[np.ndarray, " n"]
    ) -> dict[str, dict[str, float]]:
        """Give the mean reciprocal rank, by whole pieces and with moments, of each embedding."""
        found = {}
        for name, embed in self.embeddings.items():
            vectors = embed(queries)
            mean = self._whole[name].mean(axis=0)
            centred = self._ways(name, vectors, mean, true)
            if name != TUNED:
                plain = self._ways(name, vectors, np.zeros_like(mean), true)
                centred = {way: max(value, plain[way]) for way, value in centred.items()}
            found[name] = centred
        return found

    def _ways(self, name: str, vectors: Vectors, mean: Any, true: Any) -> dict[str, float]:
        whole = unit(vectors - mean) @ unit(self._whole[name] - mean).T
        parts = unit(vectors - mean) @ unit(self._moments[name] - mean).T
        best = np.full_like(whole, -np.inf)
        for column, owner in enumerate(self._owner):
            best[:, owner] = np.maximum(best[:, owner], parts[:, column])
        both = np.maximum(whole, best)
        return {"whole": reciprocal_rank(whole, true), "moments": reciprocal_rank(both, true)}


def not_learned(gallery: list[Heard]) -> dict[str, Embedding]:
    """Give the embeddings in which nothing is learned, and the floor."""
    cepstra = Scale.of(series("mfcc")(gallery))
    return {
        "floor: pitch classes": lambda sounds: np.stack(
            [chroma(s.frames).mean(axis=0) for s in sounds]
        ),
        "one-hot": lambda sounds: np.stack(
            [sounding_pitches(s.frames).mean(axis=0) for s in sounds]
        ),
        "time series, mfcc": lambda sounds: cepstra.apply(series("mfcc")(sounds)),
        "time series, chroma": series("chroma"),
        "time series, chroma-invariant": series("chroma-invariant"),
        "time series, tempogram": series("tempogram"),
    }


def learned_embeddings(learned: list[list[Frames]], seed: int) -> dict[str, Embedding]:
    """Give those that are learned, from sounds that are not in the test."""
    played = [frames for piece in learned for frames in piece]
    book = Codebook.fit(np.concatenate([chroma(frames) for frames in played]), N_WORDS, seed=seed)
    texts = [book.encode(chroma(frames)) for frames in played]
    encoder = CharacterEncoder("".join(chr(FIRST_CHARACTER + id) for id in range(N_WORDS)))
    gpt = train_gpt(texts, encoder, seed)
    words = skip_gram(texts, N_WORDS, d=64, seed=seed).vectors
    how = settings(steps=TUNING_STEPS, seed=seed)
    return {
        "neural, pooled": lambda sounds: hidden_vectors(
            gpt, encoder, [book.encode(chroma(sound.frames)) for sound in sounds]
        ),
        CONTROL: heard_by(untuned(seed)),
        TUNED: heard_by(tune_sound(learned, how)),
        "pretrained, skip-gram": lambda sounds: np.stack(
            [words[book.encode(chroma(sound.frames))].mean(axis=0) for sound in sounds]
        ),
    }


def train_gpt(texts: list[Ids], encoder: CharacterEncoder, seed: int) -> Transformer:
    """Train a small GPT to guess the next frame's word."""
    sizes = ModelSettings(
        vocab_size=encoder.vocab_size,
        context_length=128,
        d_model=64,
        n_layers=2,
        n_heads=4,
        n_kv_heads=4,
        d_head=16,
        d_ff=192,
    )
    model, draw = build(sizes, seed=seed), np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    stream = np.concatenate([np.append(text, encoder.end_id) for text in texts])
    for step in range(GPT_STEPS):
        optimizer.param_groups[0]["lr"] = 2e-3 * (1 - step / GPT_STEPS)
        starts = draw.integers(len(stream) - 129, size=16)
        rows = torch.from_numpy(np.stack([stream[start : start + 129] for start in starts]))
        loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def heard_by(encoder: SoundEncoder) -> Embedding:
    """Give the vectors of a net of sound."""
    return lambda sounds: encoder.vectors([sound.frames for sound in sounds])


def series(kind: str) -> Embedding:
    """Give the vectors of one kind of time series."""
    return lambda sounds: np.stack([vector(sound.samples, RATE, kind) for sound in sounds])


def unit(vectors: Vectors) -> Vectors:
    """Give vectors of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def reciprocal_rank(scores: Float[np.ndarray, "n gallery"], true: Any) -> float:
    """Give the mean of 1 / rank; what scores the same as the true piece stands before it."""
    own = scores[np.arange(len(true)), true][:, None]
    return float(np.mean(1 / (scores >= own).sum(axis=1)))


if __name__ == "__main__":
    main()
