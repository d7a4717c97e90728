"""What every encoder must keep. A new encoder is one line in `MAKE`."""

import codecs
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import BPEEncoder, ByteEncoder, CharacterEncoder, Encoder, load_encoder
from naepo.encode.foreign import adopt

TRICKY = [
    "",
    "a",
    " ",
    "\n",
    "\r\n\r\n  \n",
    "\x00",
    "\ufeff글머리",
    "\u2028\u2029\u0085",
    "값싼 빵을 샀다, 안녕하세요!",
    "\u1100\u1161\u11a8 ㄱㅏㄱ ㅋㅋㅋ",
    "e\u0301 é ﬁ ß İ ẞ",
    "👨‍👩‍👧‍👦👍🏽🇰🇷🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "\U0010ffff\uffff\ufffd",
    "don't I'LL 1234 x=[1,2]\t\tif a  :",
    "<|endoftext|>",
    "a<|endoftext|>\n<|endoftext|>b",
    "no space" * 300,
    "한국어 문장 하나. " * 700,
]
LEARN_FROM = [*TRICKY, "the cat sat on the mat, the cat sat. " * 20, "나는 학교에 갔다. 나는 " * 20]
MAKE = {
    "characters": lambda: CharacterEncoder.fit(LEARN_FROM),
    "bytes": ByteEncoder,
    "bpe": lambda: BPEEncoder.train(LEARN_FROM, 400),
    "bpe without merges": lambda: BPEEncoder.train([], 257),
    "bpe made elsewhere": lambda: BPEEncoder(_made_elsewhere()),
}
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3))
PLAIN = st.text(st.sampled_from(" \n\t'tsabc.가나1<|>"))
JOINED = st.lists(st.one_of(st.sampled_from(TRICKY), PLAIN, HANGUL), max_size=4).map("".join)

laws = settings(max_examples=25, deadline=None)


def _made_elsewhere() -> dict:
    """A tokenizer as other programs make them: GPT-2's pattern, other ids, other special tokens."""
    vocab = BPEEncoder.train(LEARN_FROM, 300).specification["model"]["vocab"]
    tokens = sorted(token for token in vocab if token != "<|endoftext|>")
    merges = [f"{a} {b}" for a, b in (("t", "h"), ("th", "e"), ("Ġ", "the"))]
    tokens = dict.fromkeys([*tokens, "th", "the", "Ġthe"])
    end, tool = len(tokens) + 7, len(tokens) + 9
    return {
        "model": {"vocab": {t: id for id, t in enumerate(tokens)}, "merges": merges},
        "pre_tokenizer": {
            "type": "ByteLevel",
            "add_prefix_space": False,
            "trim_offsets": False,
            "use_regex": True,
        },
        "normalizer": {"type": "NFC"},
        "truncation": {"max_length": 3, "strategy": "LongestFirst", "stride": 0},
        "added_tokens": [
            {"id": end, "content": "</s>", "special": True},
            {"id": tool, "content": "<tool>", "special": False},
        ],
    }


@cache
def made(name: str) -> Encoder:
    return MAKE[name]()


@cache
def contents_of(encoder: Encoder) -> list[bytes]:
    return [encoder.content(id) for id in range(encoder.vocab_size)]


@pytest.fixture(params=MAKE)
def encoder(request) -> Encoder:
    return made(request.param)


@st.composite
def texts(draw, encoder: Encoder) -> str:
    """Texts that the encoder accepts."""
    if isinstance(encoder, CharacterEncoder):
        return draw(st.text(st.sampled_from(encoder.alphabet)) | st.sampled_from(TRICKY))
    return draw(ANY_TEXT | JOINED)


def every_law_on(encoder: Encoder, text: str) -> None:
    ids = encoder.encode(text)
    assert ids.dtype == np.int64
    assert ids.ndim == 1
    assert encoder.decode(ids) == text
    assert encoder.decode(ids.tolist()) == text
    assert ((ids >= 0) & (ids < encoder.vocab_size)).all()
    assert encoder.end_id not in ids
    assert b"".join(contents_of(encoder)[id] for id in ids.tolist()) == text.encode()


@pytest.mark.parametrize("text", TRICKY, ids=range(len(TRICKY)))
def test_what_is_encoded_comes_back_from_tricky_texts(encoder, text):
    every_law_on(encoder, text)


@laws
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_what_is_encoded_comes_back_from_any_text(name, data):
    every_law_on(made(name), data.draw(texts(made(name))))


@pytest.mark.torture
@settings(max_examples=1000, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_what_is_encoded_comes_back_from_thousands_of_texts(name, data):
    every_law_on(made(name), data.draw(texts(made(name))))


@laws
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_many_texts_are_encoded_as_one_by_one(name, data):
    encoder = made(name)
    batch = data.draw(st.lists(texts(encoder), max_size=5))
    together = encoder.encode_batch(batch)
    assert [ids.tolist() for ids in together] == [encoder.encode(text).tolist() for text in batch]
    assert all(ids.dtype == np.int64 for ids in together)


@laws
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_a_stream_never_shows_half_a_character(name, data):
    encoder = made(name)
    text = data.draw(texts(encoder))
    decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
    shown = [decoder.decode(contents_of(encoder)[id]) for id in encoder.encode(text).tolist()]
    assert "".join(shown) + decoder.decode(b"", final=True) == text


@laws
@given(data=st.data())
@pytest.mark.parametrize("name", MAKE)
def test_any_ids_decode_to_their_contents(name, data):
    encoder = made(name)
    ids = data.draw(st.lists(st.integers(0, encoder.vocab_size - 1), max_size=20))
    contents = b"".join(encoder.content(id) for id in ids)
    assert encoder.decode(ids) == contents.decode("utf-8", "replace")


def test_the_end_stands_for_no_text(encoder):
    ids = encoder.encode("a").tolist()
    assert encoder.content(encoder.end_id) == b""
    assert encoder.decode([encoder.end_id, *ids, encoder.end_id, *ids, encoder.end_id]) == "aa"


def test_every_id_is_described_on_one_printable_line(encoder):
    for id in range(encoder.vocab_size):
        token = encoder.describe(id)
        assert token.id == id
        assert token.content == encoder.content(id)
        assert token.printable.isprintable(), token
        assert 0 < len(token.printable) <= 60, token


def test_tokens_with_different_contents_look_different(encoder):
    tokens = [encoder.describe(id) for id in range(encoder.vocab_size)]
    short = [t for t in tokens if t.content and not t.printable.endswith("…")]
    assert len({t.printable for t in short}) == len({t.content for t in short}) == len(short)


@pytest.mark.parametrize("id", [-1, -(2**70), 10**6, 2**70])
def test_even_an_id_that_does_not_exist_is_described(encoder, id):
    token = encoder.describe(id)
    assert (token.content, token.printable) == (b"", "(no such id)")


@pytest.mark.parametrize("wrong", [-1, 10**6])
def test_an_id_that_does_not_exist_is_not_decoded(encoder, wrong):
    with pytest.raises(UserError, match=rf"got {wrong} at position 1, expected 0 to"):
        encoder.decode([0, wrong])
    with pytest.raises(UserError, match="no such id"):
        encoder.content(wrong)


@pytest.mark.parametrize("surrogate", ["\ud800", "\udc80", "\udfff"])
def test_half_a_character_is_refused_with_its_place(encoder, surrogate):
    with pytest.raises(UserError, match=r"lone surrogate, U\+D.* at line 2, column 3"):
        encoder.encode(f"a\naa{surrogate}a")
    with pytest.raises(UserError, match=r"lone surrogate, U\+D.* at line 1, column 1"):
        encoder.encode_batch(["a", surrogate])


def test_a_saved_encoder_is_the_same_again(encoder, tmp_path):
    encoder.save(tmp_path / "a")
    again = load_encoder(tmp_path / "a")
    assert type(again) is type(encoder)
    assert again.kind == encoder.kind
    assert again.fingerprint == encoder.fingerprint
    assert (again.vocab_size, again.end_id) == (encoder.vocab_size, encoder.end_id)
    for text in TRICKY:
        assert again.encode(text).tolist() == encoder.encode(text).tolist()
    again.save(tmp_path / "b")
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_an_encoder_opens_by_the_path_of_its_file_alone(encoder, tmp_path):
    encoder.save(tmp_path)
    (tmp_path / "tokenizer_config.json").unlink()
    assert load_encoder(tmp_path / "tokenizer.json").fingerprint == encoder.fingerprint


def test_encoders_that_differ_have_different_fingerprints():
    others = [CharacterEncoder("ab"), CharacterEncoder("ba"), BPEEncoder.train(LEARN_FROM, 300)]
    every = [made(name) for name in MAKE] + others
    prints = {encoder.fingerprint for encoder in every}
    assert len(prints) == len(every)
    assert all(len(bytes.fromhex(text)) == 32 for text in prints)


def test_every_encoder_keeps_the_contract(encoder):
    assert isinstance(encoder, Encoder)
    assert encoder.kind in ("characters", "bytes", "bpe")


def test_adopting_what_was_adopted_changes_nothing():
    once, end = adopt(_made_elsewhere(), end=None, source="a")
    assert adopt(once, end=None, source="a") == (once, end)
    assert end == "</s>"
