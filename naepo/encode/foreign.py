"""A `tokenizer.json` made elsewhere, judged before it is used and made to keep our law.

It is judged here, in Python, because the native library does not refuse every broken file: some
make it panic and some abort the whole process. What is not known to be lossless is refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from naepo.config import UserError
from naepo.encode import tokenizer_files
from naepo.encode.byte_level import byte_level_model, byte_symbols
from naepo.encode.tokenizer_files import END_OF_TEXT, Specification

END_NAMES = (
    END_OF_TEXT,
    "<|end_of_text|>",
    "</s>",
    "<eos>",
    "<|im_end|>",
    "<|eot_id|>",
    "<｜end▁of▁sentence｜>",
    "<EOT>",
    "[EOS]",
)
"""What the end of a text is called in tokenizers that are about, the commonest first."""
MOST_IDS = 2**20
"""Ids from here on are refused; the largest vocabularies known have about 260 thousand."""
LOSSLESS = ("Split", "ByteLevel", "Digits", "Punctuation")
"""The pre-tokenizers that may keep every character (whether they do is tried out afterwards)."""
FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")
HINT = "`--encoder bpe` trains one on your own text; byte-level ones (GPT-2, Qwen, Llama 3) open"


def adopt(raw: Specification, *, end: str | None, source: str) -> tuple[Specification, str]:
    """Give a clean specification made from a foreign one, and the name of its end token.

    Taken off: truncation, padding, tokens put before and after a text, dropout, and NFC (the
    text is normalised before it is encoded; without it, nothing that is encoded is changed).
    Added: an end token, when there is none by the name `end` or a known one.
    Adopting what was adopted changes nothing.
    source: the file, for messages.

    Raises: UserError for a tokenizer that is not byte-level BPE, or is broken.
    """
    try:
        return _adopt(raw, end)
    except UserError as error:
        raise UserError(f"{error.message} (in {source})", hint=error.hint or HINT) from None


def _adopt(raw: Specification, end: str | None) -> tuple[Specification, str]:
    model = _table(raw.get("model"), "model")
    _check_kind(raw, model)
    vocab = _vocabulary(model.get("vocab"))
    added = [_added_token(entry, vocab) for entry in _list(raw.get("added_tokens"))]
    end = _settle_end(vocab, added, end)
    added.sort(key=lambda entry: entry["id"])
    vocab.update({entry["content"]: entry["id"] for entry in added})
    _check_ids(vocab)
    clean = tokenizer_files.specify(
        model=byte_level_model(
            dict(sorted(vocab.items(), key=lambda item: item[1])),
            _merges(model.get("merges"), vocab),
            ignore_merges=model.get("ignore_merges") is True,
        ),
        pre_tokenizer=_table(raw.get("pre_tokenizer"), "pre_tokenizer"),
        decoder="ByteLevel",
        added_tokens=added,
    )
    return clean, end


def _check_kind(raw: Specification, model: Specification) -> None:
    """Refuse what is not byte-level BPE, and what is known to lose something of a text."""
    kind = model.get("type", "BPE")
    steps = list(_steps(raw.get("pre_tokenizer"), "pretokenizers"))
    kinds = [step.get("type") for step in steps]
    if kind != "BPE" or kinds.count("ByteLevel") != 1:
        made = " + ".join(str(k) for k in kinds) or "no pre-tokenizer"
        raise UserError(f"a tokenizer must be byte-level BPE, got {kind} with {made}")
    for step in steps:
        if step["type"] not in LOSSLESS or step.get("add_prefix_space", False):
            raise UserError(f"the pre-tokenizer {step} does not give a text back as it was")
    for step in _steps(raw.get("normalizer"), "normalizers"):
        if step.get("type") != "NFC":
            raise UserError(f"the normalizer {step.get('type')} changes a text for good")
    for affix in ("continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(affix):
            raise UserError(f"a byte-level tokenizer has no {affix}, got {model[affix]!r}")


def _steps(part: Any, name: str) -> Iterable[Specification]:
    """Walk through a part that may be nothing, one step, or a sequence of steps."""
    if part is None:
        return
    table = _table(part, name)
    if table.get("type") != "Sequence":
        yield table
        return
    for step in _list(table.get(name)):
        yield _table(step, name)


def _vocabulary(raw: Any) -> dict[str, int]:
    vocab = _table(raw, "model.vocab")
    for token, id in vocab.items():
        if not _is_id(id):
            raise UserError(f"an id must be 0 to {MOST_IDS - 1:,}, got {id!r} for {token!r}")
    missing = [byte for byte, symbol in enumerate(byte_symbols()) if symbol not in vocab]
    if missing:
        raise UserError(
            f"the vocabulary lacks {len(missing)} of the 256 bytes, the first is 0x{missing[0]:02X}"
        )
    return dict(vocab)


def _merges(raw: Any, vocab: Mapping[str, int]) -> list[tuple[str, str]]:
    """Read the merges, written as `["a", "b"]` or, by older programs, as `"a b"`."""
    merges = []
    for entry in _list(raw):
        pair = entry.split(" ") if isinstance(entry, str) else entry
        is_pair = isinstance(pair, list) and len(pair) == 2
        if not is_pair or not all(isinstance(half, str) and half in vocab for half in pair):
            raise UserError(f"a merge must name two tokens of the vocabulary, got {entry!r}")
        left, right = pair
        if left + right not in vocab:
            raise UserError(f"the vocabulary lacks what the merge {entry!r} makes")
        merges.append((left, right))
    return merges


def _added_token(raw: Any, vocab: Mapping[str, int]) -> Specification:
    entry = _table(raw, "added_tokens")
    content, id = entry.get("content"), entry.get("id")
    if not isinstance(content, str) or not content or not _is_id(id):
        raise UserError(f"an added token needs a text and an id, got {entry!r}")
    if vocab.get(content, id) != id:
        raise UserError(f"{content!r} has two ids, {vocab[content]} and {id}")
    return {"id": id, "content": content, **{flag: entry.get(flag) is True for flag in FLAGS}}


def _settle_end(vocab: dict[str, int], added: list[Specification], end: str | None) -> str:
    """Find the end token, or add it; either way it is special from now on. Gives its name."""
    by_name = {entry["content"]: entry for entry in added}
    ids = {**vocab, **{name: entry["id"] for name, entry in by_name.items()}}
    candidates = END_NAMES if end is None else (end, *END_NAMES)
    name = next((name for name in candidates if name in ids), END_OF_TEXT)
    if name in by_name:
        by_name[name]["special"] = True
    else:
        id = ids.get(name, max(ids.values()) + 1)
        added.append(tokenizer_files.special_token(id, name))
    return name


def _check_ids(vocab: Mapping[str, int]) -> None:
    if len(set(vocab.values())) != len(vocab):
        names: dict[int, str] = {}
        for token, id in vocab.items():
            if id in names:
                raise UserError(f"id {id} has two tokens, {names[id]!r} and {token!r}")
            names[id] = token


def _is_id(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST_IDS


def _table(value: Any, name: str) -> Specification:
    if not isinstance(value, dict):
        raise UserError(f"`{name}` must be a table, got {type(value).__name__}")
    return value


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise UserError(f"a list was expected, got {type(value).__name__}")
    return value
