"""Tokenizers that were made elsewhere, whole and broken."""

import copy
import json
import random

import pytest
from tokenizers import Tokenizer

from naepo.config import UserError
from naepo.encode import BPEEncoder, load_encoder
from naepo.encode.byte_level import byte_symbols
from naepo.encode.foreign import MOST_IDS
from naepo.encode.native import native
from naepo.encode.tokenizer_files import LARGEST_FILE

BYTE_LEVEL = {
    "type": "ByteLevel",
    "add_prefix_space": False,
    "trim_offsets": True,
    "use_regex": True,
}
DIGITS = {"type": "Digits", "individual_digits": True}
NFC = {"type": "NFC"}


def gpt2_like() -> dict:
    """A file in the shape of GPT-2's: older merges, the end as an ordinary entry as well."""
    tokens = [*sorted(byte_symbols()), "th", "the", "Ġthe", "<|endoftext|>"]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": 259, "content": "<|endoftext|>", "special": True}],
        "normalizer": None,
        "pre_tokenizer": dict(BYTE_LEVEL),
        "post_processor": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False},
        "decoder": dict(BYTE_LEVEL),
        "model": {
            "type": "BPE",
            "dropout": None,
            "vocab": {token: id for id, token in enumerate(tokens)},
            "merges": ["t h", "th e", "Ġ the"],
        },
    }


def saved(folder, specification, config=None):
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(specification), encoding="utf-8")
    if config is not None:
        beside = folder / "tokenizer_config.json"
        beside.write_text(json.dumps(config), encoding="utf-8")
    return file


def test_a_file_as_others_write_it_opens_with_its_own_ids(tmp_path):
    encoder = BPEEncoder.from_file(saved(tmp_path, gpt2_like()))
    assert encoder.encode(" the").tolist() == [258]
    assert (encoder.vocab_size, encoder.end_id, encoder.end) == (260, 259, "<|endoftext|>")
    assert encoder.content(258) == b" the"
    assert load_encoder(tmp_path).fingerprint == encoder.fingerprint


def test_what_would_add_cut_or_gamble_is_taken_off(tmp_path):
    plain = BPEEncoder.from_file(saved(tmp_path, gpt2_like()))
    raw = gpt2_like()
    raw["model"]["dropout"] = 0.5
    raw["truncation"] = {"max_length": 1, "strategy": "LongestFirst", "stride": 5}
    raw["padding"] = {"strategy": {"Fixed": 10}, "pad_id": 0, "pad_token": "!"}
    raw["normalizer"] = {"type": "Sequence", "normalizers": [NFC]}
    raw["post_processor"] = {"type": "TemplateProcessing", "single": [{"Unknown": {}}]}
    stripped = BPEEncoder.from_file(saved(tmp_path, raw))
    assert stripped.fingerprint == plain.fingerprint
    text = "e\u0301 the <|endoftext|> " * 3
    assert stripped.encode(text).tolist() == plain.encode(text).tolist()
    assert stripped.decode(stripped.encode(text)) == text


@pytest.mark.parametrize(
    ("name", "config"),
    [("</s>", None), ("<|eot_id|>", None), ("<fin>", {"eos_token": "<fin>"})],
)
def test_the_end_is_found_by_its_name_or_in_the_file_beside(tmp_path, name, config):
    raw = gpt2_like()
    del raw["model"]["vocab"]["<|endoftext|>"]
    raw["added_tokens"] = [{"id": 300, "content": name, "special": False}]
    encoder = BPEEncoder.from_file(saved(tmp_path, raw, config))
    assert (encoder.end, encoder.end_id, encoder.vocab_size) == (name, 300, 301)
    assert 300 not in encoder.encode(f"a{name}b")
    assert encoder.decode(encoder.encode(f"a{name}b")) == f"a{name}b"
    assert encoder.describe(280).printable == "(unused)"
    encoder.save(tmp_path / "again")
    assert load_encoder(tmp_path / "again").end_id == 300


def test_the_end_that_the_file_beside_names_wins_and_may_be_a_table(tmp_path):
    raw = gpt2_like()
    raw["added_tokens"].append({"id": 260, "content": "<|stop|>", "special": True})
    config = {"eos_token": {"content": "<|stop|>", "lstrip": False}}
    encoder = BPEEncoder.from_file(saved(tmp_path, raw, config))
    assert encoder.end == "<|stop|>"
    assert encoder.describe(259).printable == "<|endoftext|>"
    assert encoder.decode([259, 260]) == ""


def test_an_end_is_added_where_there_is_none(tmp_path):
    raw = gpt2_like()
    del raw["model"]["vocab"]["<|endoftext|>"]
    raw["added_tokens"] = []
    encoder = BPEEncoder.from_file(saved(tmp_path, raw))
    assert (encoder.end_id, encoder.vocab_size) == (259, 260)


def test_added_tokens_that_are_no_special_ones_stand_for_their_text(tmp_path):
    raw = gpt2_like()
    raw["added_tokens"].append({"id": 260, "content": "<도구>", "special": False})
    encoder = BPEEncoder.from_file(saved(tmp_path, raw))
    assert encoder.encode("the<도구>the").tolist() == [257, 260, 257]
    assert encoder.content(260) == "<도구>".encode()


BROKEN = {
    "not byte-level": (lambda d: d.update(pre_tokenizer={"type": "Whitespace"}), "Whitespace"),
    "no pre-tokenizer": (lambda d: d.update(pre_tokenizer=None), "no pre-tokenizer"),
    "a prefix space": (lambda d: d["pre_tokenizer"].update(add_prefix_space=True), "give a text"),
    "unknown step": (
        lambda d: d.update(
            pre_tokenizer={"type": "Sequence", "pretokenizers": [{"type": "X"}, BYTE_LEVEL]}
        ),
        "give a text back",
    ),
    "loses spaces": (
        lambda d: d.update(
            pre_tokenizer={
                "type": "Sequence",
                "pretokenizers": [
                    {
                        "type": "Split",
                        "pattern": {"String": " "},
                        "behavior": "Removed",
                        "invert": False,
                    },
                    BYTE_LEVEL,
                ],
            }
        ),
        "does not give a text back as it was",
    ),
    "lower case": (lambda d: d.update(normalizer={"type": "Lowercase"}), "Lowercase changes"),
    "another model": (lambda d: d["model"].update(type="Unigram"), "got Unigram"),
    "a suffix": (lambda d: d["model"].update(end_of_word_suffix="</w>"), "</w>"),
    "a prefix that aborts": (
        lambda d: d["model"].update(continuing_subword_prefix="가"),
        "continuing_subword_prefix",
    ),
    "a missing byte": (lambda d: d["model"]["vocab"].pop("Ā"), "0x00"),
    "an id too high": (lambda d: d["model"]["vocab"].update(z=MOST_IDS), "1,048,575, got 1048576"),
    "an id below 0": (lambda d: d["model"]["vocab"].update(z=-1), "got -1"),
    "an id that is none": (lambda d: d["model"]["vocab"].update(z=True), "got True"),
    "one id twice": (lambda d: d["model"]["vocab"].update(zz=258), "id 258 has two tokens"),
    "two ids": (lambda d: d["added_tokens"][0].update(id=300), "two ids, 259 and 300"),
    "no text": (lambda d: d["added_tokens"][0].update(content=""), "needs a text"),
    "a merge of nothing": (lambda d: d["model"]["merges"].append("qq zz"), "qq zz"),
    "a merge into nothing": (lambda d: d["model"]["merges"].append(["q", "q"]), "lacks what"),
    "a merge of three": (lambda d: d["model"]["merges"].append("t h e"), "two tokens"),
    "merges of numbers": (lambda d: d["model"].update(merges=[[1, 2]]), "two tokens"),
    "no vocabulary": (lambda d: d["model"].pop("vocab"), "`model.vocab` must be a table"),
    "added of a wrong kind": (lambda d: d.update(added_tokens={"a": 1}), "a list was expected"),
    "a broken pattern": (
        lambda d: d.update(
            pre_tokenizer={
                "type": "Sequence",
                "pretokenizers": [
                    {
                        "type": "Split",
                        "pattern": {"Regex": "((("},
                        "behavior": "Isolated",
                        "invert": False,
                    },
                    BYTE_LEVEL,
                ],
            }
        ),
        "`tokenizers` failed at opening",
    ),
    "half a character": (lambda d: d["model"]["vocab"].update({"\ud800": 270}), "failed at open"),
    "an added token that eats spaces": (
        lambda d: d["added_tokens"].append({"id": 260, "content": "<x>", "lstrip": True}),
        "does not give a text back",
    ),
    "the end spelled by merges": (
        lambda d: (
            d["model"]["vocab"].update({"</s>": 262, "</": 260, "s>": 261}),
            d["model"].update(merges=["< /", "s >", "</ s>"]),
            d["pre_tokenizer"].update(use_regex=False),
            d["model"]["vocab"].pop("<|endoftext|>"),
            d.update(added_tokens=[]),
        ),
        "does not give a text back",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_or_lossy_file_is_refused_with_a_reason(tmp_path, case):
    break_it, reason = BROKEN[case]
    raw = gpt2_like()
    break_it(raw)
    file = saved(tmp_path, raw)
    with pytest.raises(UserError) as caught:
        BPEEncoder.from_file(file)
    assert reason in caught.value.message
    assert str(file) in caught.value.message
    with pytest.raises(UserError):
        load_encoder(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a JSON file"),
        (b"\xff\xfe{", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b"[]", "no table called `model`"),
        (b'{"model": 3}', "no table called `model`"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON file"),
    ],
)
def test_what_is_no_tokenizer_is_refused(tmp_path, content, reason):
    (tmp_path / "tokenizer.json").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        load_encoder(tmp_path)


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*No such file"):
        load_encoder(tmp_path)
    with (tmp_path / "tokenizer.json").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    with pytest.raises(UserError, match="too large: got 67,108,865 bytes"):
        load_encoder(tmp_path)


def test_a_panic_of_the_native_library_becomes_an_error_a_person_can_read():
    raw = gpt2_like()
    raw["truncation"] = {
        "direction": "Right",
        "max_length": 1,
        "strategy": "LongestFirst",
        "stride": 5,
    }
    raw["added_tokens"] = []
    raw["decoder"] = raw["post_processor"] = None
    panics = Tokenizer.from_str(json.dumps(raw))
    with (
        pytest.raises(UserError, match="`tokenizers` failed at trying: `stride`"),
        native("trying"),
    ):
        panics.encode("the the the")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError, MemoryError, ValueError])
def test_what_is_no_panic_passes_through(error):
    with pytest.raises(error), native("trying"):
        raise error


@pytest.mark.parametrize("n", [30, pytest.param(2000, marks=pytest.mark.torture)])
def test_a_file_with_a_changed_value_opens_lossless_or_is_refused(tmp_path, n):
    luck = random.Random(n)
    n_opened = 0
    for _ in range(n):
        raw = gpt2_like()
        for _ in range(luck.choice((1, 1, 2))):
            _change_something(raw, luck)
        try:
            encoder = load_encoder(saved(tmp_path, raw))
        except UserError:
            continue
        n_opened += 1
        text = "The the <|endoftext|> 값 👍\r\n  x"
        assert encoder.decode(encoder.encode(text)) == text
    assert 0 < n_opened < n


def _change_something(raw, luck):
    """Replace one value, anywhere in the tables, by junk or by another value of the file."""
    junk = [None, True, -1, 0, 2**40, 1.5, "", "가", "t h", [], ["t", "h"], {}, DIGITS, NFC]
    tables = [raw]
    for table in tables:
        values = table.values() if isinstance(table, dict) else table
        tables.extend(value for value in values if isinstance(value, dict | list) and value)
    table = luck.choice(tables)
    keys = list(table) if isinstance(table, dict) else range(len(table))
    table[luck.choice(keys)] = copy.deepcopy(luck.choice(junk))
