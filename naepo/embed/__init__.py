"""Notes, sounds, words and hidden states to vectors, and what is alike among them.

In: ids, notes, sound, texts, a trained model. Out: arrays of vectors, and stores of them to search.
One-hot (`piano_roll`), time series (`sound_vector`), neural (`hidden_vectors`, `tune`), pretrained
(`skip_gram`, `glove`, `load_vectors`, `PretrainedAudio`). It never changes the model it is given.
"""

from naepo.embed.codebook import Codebook
from naepo.embed.contrast import tune
from naepo.embed.one_hot import piano_roll
from naepo.embed.pooling import hidden_vectors
from naepo.embed.pretrained import PretrainedAudio
from naepo.embed.store import Store
from naepo.embed.time_series import vector as sound_vector
from naepo.embed.vector_files import load as load_vectors
from naepo.embed.word_vectors import glove, skip_gram

__all__ = [
    "Codebook",
    "PretrainedAudio",
    "Store",
    "glove",
    "hidden_vectors",
    "load_vectors",
    "piano_roll",
    "skip_gram",
    "sound_vector",
    "tune",
]
