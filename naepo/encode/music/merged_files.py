"""Merged events as `tokenizers` knows them: every word one character, then byte-pair encoding."""

from collections.abc import Sequence
from typing import Any

from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from naepo.encode import tokenizer_files
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

FIRST = 0xF0000
"""Each word is one character to `tokenizers`, from here on: a plane for private use."""


def characters(n_words: int) -> list[str]:
    """Give the characters that stand for words."""
    return [chr(FIRST + id) for id in range(n_words)]


def grown(n_words: int, merges: Sequence[tuple[int, int]]) -> list[str]:
    """Give what each id stands for, in characters: first the words, then the merges.

    Two merges that make the same are one id.
    """
    made = characters(n_words)
    known = set(made)
    for left, right in merges:
        joined = made[left] + made[right]
        if joined not in known:
            made.append(joined)
            known.add(joined)
    return made


def cut_lines(line_ends: Sequence[str]) -> pre_tokenizers.PreTokenizer:
    """Cut after each word that ends a line, so that no merge goes over it."""
    return pre_tokenizers.Split(Regex(_line(line_ends)), "isolated")


def start_engine(
    n_words: int, merges: Sequence[tuple[int, int]], line_ends: Sequence[str]
) -> Tokenizer:
    """Make the native tokenizer of texts in characters."""
    made = grown(n_words, merges)
    vocab = {word: id for id, word in enumerate(made)}
    pairs = [(made[left], made[right]) for left, right in merges]
    engine = Tokenizer(models.BPE(vocab=vocab, merges=pairs))
    engine.pre_tokenizer = cut_lines(line_ends)  # pyright: ignore[reportAttributeAccessIssue]
    return engine


def specify_merged(
    contents: Sequence[str], merges: Sequence[tuple[int, int]], line_ends: Sequence[str]
) -> Specification:
    """Give the content of a `tokenizer.json` that reads the notation itself.

    contents: each word with the white space after it. A longer one is replaced by its character
    before a shorter one that it may end in ("14/4 " and "4/4 ").
    """
    made = grown(len(contents), merges)
    end_id = len(made)
    pairs = list(zip(contents, made, strict=False))
    longest_first = sorted(pairs, key=lambda pair: (-len(pair[0]), pair[0]))
    specification = tokenizer_files.specify(
        model={
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {word: id for id, word in enumerate([*made, END_OF_TEXT])},
            "merges": [[made[left], made[right]] for left, right in merges],
        },
        pre_tokenizer={
            "type": "Split",
            "pattern": {"Regex": _line(line_ends)},
            "behavior": "Isolated",
            "invert": False,
        },
        decoder="Fuse",
        added_tokens=[tokenizer_files.special_token(end_id)],
    )
    specification["normalizer"] = _each([_replace(*pair) for pair in longest_first], "normalizers")
    back = [_replace(character, content) for content, character in pairs]
    specification["decoder"] = _each([*back, {"type": "Fuse"}], "decoders")
    return specification


def _line(line_ends: Sequence[str]) -> str:
    """Give the pattern of a line: all up to its end, or what is left."""
    ends = "".join(line_ends)
    return f"[^{ends}]*[{ends}]|[^{ends}]+" if ends else r"[\s\S]+"


def _replace(found: str, by: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": found}, "content": by}


def _each(steps: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return {"type": "Sequence", name: steps}
