"""What we save, `transformers` and `tokenizers` open, and they give our very ids."""

import json

import pytest
from tokenizers import Tokenizer

from naepo.encode import BPEEncoder, ByteEncoder, CharacterEncoder, load_encoder

TEXTS = [
    "",
    "First Citizen:\nBefore we proceed any further, hear me speak. It's 1234!\n\n  I'LL\t",
    "값싼 빵을 샀다. 안녕하세요, 여러분! ㅋㅋㅋ \u1112\u1161\u11ab",
    "👨‍👩‍👧‍👦 👍🏽 🇰🇷 e\u0301 é ﬁ Ａ",
    "\x00\ufeff\u2028\x85\u00a0\u3000 \r\n \U0010ffff\uffff",
    "don ' t , do n't . clean up ? no !",
]
NAMED = "a<|endoftext|>b <|endoftext|>"
LEARN_FROM = [*TEXTS, NAMED] * 5
MAKE = {
    "characters": lambda: CharacterEncoder.fit(LEARN_FROM),
    "bytes": ByteEncoder,
    "bpe": lambda: BPEEncoder.train(LEARN_FROM, 400),
}


@pytest.fixture(scope="module", params=MAKE)
def encoder(request):
    return MAKE[request.param]()


@pytest.fixture(scope="module")
def folder(encoder, tmp_path_factory):
    path = tmp_path_factory.mktemp(encoder.kind)
    encoder.save(path, context_length=64)
    return path


@pytest.fixture(scope="module")
def theirs(folder):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_transformers_gives_the_same_ids(encoder, theirs, text):
    assert theirs(text)["input_ids"] == encoder.encode(text).tolist()


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_transformers_gives_the_same_text_back(encoder, theirs, text):
    assert theirs.decode(encoder.encode(text).tolist()) == text


def test_transformers_gives_the_same_ids_for_the_name_of_the_end_when_it_is_told_to(
    encoder, theirs
):
    ids = encoder.encode(NAMED).tolist()
    assert theirs(NAMED, split_special_tokens=True)["input_ids"] == ids
    assert theirs(NAMED)["input_ids"].count(encoder.end_id) == 2


def test_transformers_knows_the_end_and_the_sizes(encoder, theirs):
    end = encoder.end_id
    assert (theirs.bos_token_id, theirs.eos_token_id, theirs.pad_token_id) == (end, end, end)
    assert len(theirs) == encoder.vocab_size
    assert theirs.model_max_length == 64
    assert theirs.decode([end], skip_special_tokens=True) == ""


def test_what_transformers_saves_anew_is_still_the_same_encoder(encoder, theirs, tmp_path):
    theirs.save_pretrained(tmp_path)
    again = load_encoder(tmp_path)
    assert (again.kind, again.fingerprint) == (encoder.kind, encoder.fingerprint)


def test_our_file_is_written_as_tokenizers_would_write_it(folder):
    ours = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    assert json.loads(Tokenizer.from_file(str(folder / "tokenizer.json")).to_str()) == ours


def test_a_character_that_is_not_in_the_alphabet_is_refused_there_too(tmp_path):
    CharacterEncoder("ab").save(tmp_path)
    with pytest.raises(Exception, match="UNK"):
        Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode("abc")


def every_character(step: int) -> str:
    return "".join(chr(c) for c in range(0, 0x110000, step) if not 0xD800 <= c < 0xE000)


@pytest.mark.parametrize("step", [101, pytest.param(1, marks=pytest.mark.torture)])
def test_an_alphabet_may_hold_any_character_of_unicode(tmp_path, step):
    encoder = CharacterEncoder(every_character(step))
    encoder.save(tmp_path)
    theirs = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    ids = encoder.encode(encoder.alphabet).tolist()
    assert theirs.encode(encoder.alphabet).ids == ids
    assert theirs.decode(ids) == encoder.alphabet
    assert load_encoder(tmp_path).fingerprint == encoder.fingerprint
