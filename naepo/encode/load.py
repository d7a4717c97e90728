"""A saved encoder, opened again: its `tokenizer.json` shows by its structure which kind it is.

An encoder of music has a `music.json` beside it, which says what its words mean.
"""

from pathlib import Path

from naepo.encode import tokenizer_files
from naepo.encode.bpe import BPEEncoder
from naepo.encode.byte_level import ByteEncoder
from naepo.encode.characters import CharacterEncoder
from naepo.encode.encoder import Encoder
from naepo.encode.music.load import load_music_encoder
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification


def load_encoder(path: Path) -> Encoder:
    """Open an encoder by the folder it was saved in, or by the path of any `tokenizer.json`.

    A file that says exactly what `ByteEncoder` or `CharacterEncoder` writes is one; any other is
    a `BPEEncoder`. No key of our own is needed, so other programs may write the file anew. A
    `music.json` beside it makes it an encoder of music.

    Raises: UserError when there is no such file, or no encoder can be made of it.
    """
    file = tokenizer_files.find_tokenizer(path)
    music = load_music_encoder(file.parent)
    if music is not None:
        return music
    raw = tokenizer_files.read_tokenizer(file)
    for known in (ByteEncoder(), _characters(raw)):
        if known is not None and _says_the_same(raw, known.specification):
            return known
    return BPEEncoder(raw, end=tokenizer_files.read_end_name(file), source=str(file))


def _says_the_same(raw: Specification, known: Specification) -> bool:
    """Compare by fingerprint; the tables first, as that of 50,000 merges takes 0.1 s."""
    same = raw["model"] == known["model"]
    return same and tokenizer_files.fingerprint(raw) == tokenizer_files.fingerprint(known)


def _characters(raw: Specification) -> CharacterEncoder | None:
    """Read the alphabet out of a vocabulary whose words are all single characters."""
    vocab = raw["model"].get("vocab")
    if not isinstance(vocab, dict) or not all(type(id) is int for id in vocab.values()):
        return None
    words = sorted((word for word in vocab if word != END_OF_TEXT), key=vocab.__getitem__)
    is_alphabet = all(len(word) == 1 and not "\ud800" <= word <= "\udfff" for word in words)
    return CharacterEncoder("".join(words)) if is_alphabet else None
