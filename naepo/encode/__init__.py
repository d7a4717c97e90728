"""Text to ids and back, and the corpus on disk.

In: files of text. Out: ids. It knows no tensor and no network.
"""

from naepo.encode.bpe import BPEEncoder
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.characters import CharacterEncoder
from naepo.encode.corpus import Corpus, Split, encode_held_out, prepare
from naepo.encode.encoder import Encoder
from naepo.encode.load import load_encoder
from naepo.encode.settings import DataSettings

__all__ = [
    "BPEEncoder",
    "ByteEncoder",
    "CharacterEncoder",
    "Corpus",
    "DataSettings",
    "Encoder",
    "Split",
    "encode_held_out",
    "load_encoder",
    "prepare",
]
