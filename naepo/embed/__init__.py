"""Notes, sounds, words and hidden states to vectors, and what is alike among them.

In: ids, sound, a trained model. Out: arrays of vectors. It never changes the model it is given.
"""

from naepo.embed.codebook import Codebook
from naepo.embed.one_hot import piano_roll
from naepo.embed.pretrained import PretrainedAudio
from naepo.embed.time_series import vector as sound_vector
from naepo.embed.vector_files import load as load_vectors
from naepo.embed.word_vectors import glove, skip_gram

__all__ = [
    "Codebook",
    "PretrainedAudio",
    "glove",
    "load_vectors",
    "piano_roll",
    "skip_gram",
    "sound_vector",
]
