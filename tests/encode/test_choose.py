import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import BPEEncoder, ByteEncoder, CharacterEncoder
from naepo.encode.choose import (
    LARGEST_VOCAB,
    SMALLEST_VOCAB,
    TextCounts,
    bpe_vocab_size,
    characters_per_token,
    choose_encoder,
    count_text,
)


def counts(n_characters, n_distinct, n_hangul=0):
    n_bytes = n_characters + 2 * n_hangul
    return TextCounts(
        n_characters=n_characters, n_bytes=n_bytes, n_distinct=n_distinct, n_hangul=n_hangul
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (counts(100_000, 65), "characters"),  # an act
        (counts(1_100_000, 65), "bpe"),  # a play
        (counts(500, 30), "characters"),  # a poem
        (counts(0, 0), "characters"),
        (counts(5_000, 400, 3_000), "bytes"),  # a Korean letter
        (counts(1_000_000, 1_500, 700_000), "bpe"),  # Korean reviews
        (counts(100_000_000, 97), "bpe"),  # a library
    ],
)
def test_the_kind_follows_the_alphabet_and_the_length(text, kind):
    choice = choose_encoder(text)
    assert choice.kind == kind
    assert (choice.vocab_size is not None) == (kind == "bpe")


@given(st.integers(0, 10**12), st.integers(0, 10**5), st.floats(0, 1))
def test_every_choice_has_one_sentence_of_reason(n_characters, n_distinct, share):
    choice = choose_encoder(counts(n_characters, n_distinct, int(share * n_characters)))
    assert choice.reason.isprintable()
    assert choice.reason.endswith(".")
    assert choice.reason.count(". ") == 0
    assert len(choice.reason) < 200


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_longer_text_never_gets_fewer_ids(n_bytes, more):
    small, large = bpe_vocab_size(n_bytes), bpe_vocab_size(n_bytes + more)
    assert SMALLEST_VOCAB <= small <= large <= LARGEST_VOCAB
    assert small % 64 == large % 64 == 0


def test_the_reason_says_how_much_of_the_text_is_korean():
    assert "71% of it Hangul" in choose_encoder(counts(1_000_000, 3_000, 710_000)).reason
    assert "Hangul" not in choose_encoder(counts(1_000_000, 3_000, 10)).reason


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_what_is_counted_is_what_is_there(texts):
    whole = "".join(texts)
    found = count_text(texts)
    assert found == count_text([whole])
    assert found.n_characters == len(whole)
    assert found.n_bytes == len(whole.encode())
    assert found.n_distinct == len(set(whole))


def test_hangul_is_counted_as_syllables_jamo_and_halfwidth_letters():
    assert count_text(["가힣 ㄱㅏ \u1100\u1161\u11a8 ﾡ abc 漢字 かな"]).n_hangul == 8


def test_a_lone_surrogate_cannot_be_counted():
    with pytest.raises(UserError, match="lone surrogate"):
        count_text(["ab\ud800"])


def test_characters_per_token_says_what_an_encoder_saves():
    text = "안녕하세요 여러분 " * 50
    assert characters_per_token(CharacterEncoder.fit([text]), text) == 1.0
    assert 0.33 < characters_per_token(ByteEncoder(), text) < 0.5
    assert characters_per_token(BPEEncoder.train([text], 512), text) > 3
    assert characters_per_token(ByteEncoder(), "") == 0.0
