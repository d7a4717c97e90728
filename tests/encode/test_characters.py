import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import CharacterEncoder


def test_ids_follow_the_sorted_characters_and_the_end_is_last():
    encoder = CharacterEncoder.fit(["나 a", "가a"])
    assert encoder.alphabet == " a가나"
    assert encoder.encode("나 a가").tolist() == [3, 0, 1, 2]
    assert (encoder.end_id, encoder.vocab_size) == (4, 5)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
@settings(max_examples=50, deadline=None)
def test_what_was_fitted_can_be_encoded_and_the_order_of_texts_does_not_matter(texts):
    encoder = CharacterEncoder.fit(texts)
    assert encoder.fingerprint == CharacterEncoder.fit(reversed(texts)).fingerprint
    assert "".join(encoder.decode(encoder.encode(text)) for text in texts) == "".join(texts)


def test_one_text_is_taken_as_one_text():
    assert CharacterEncoder.fit("abc").alphabet == CharacterEncoder.fit(["abc"]).alphabet


def test_an_unseen_character_is_named_with_its_place_and_a_way_on():
    encoder = CharacterEncoder.fit(["hello\n"])
    with pytest.raises(UserError) as caught:
        encoder.encode("hello\nhe가")
    assert "'가' (U+AC00 HANGUL SYLLABLE GA)" in caught.value.message
    assert "line 2, column 3" in caught.value.message
    assert "--encoder bytes" in str(caught.value.hint)


def test_the_first_unseen_character_is_the_one_that_is_named():
    with pytest.raises(UserError, match=r"U\+0042 .* line 1, column 2"):
        CharacterEncoder("a").encode("aBaC")


@pytest.mark.parametrize(
    ("unseen", "name"),
    [
        ("\x00", r"no U\+0000, met"),
        ("\ufeff", r"U\+FEFF ZERO WIDTH NO-BREAK SPACE"),
        ("\U0010ffff", r"U\+10FFFF"),
        ("👍", r"U\+1F44D THUMBS UP SIGN"),
        ("b", r"'b' \(U\+0062"),
    ],
)
def test_any_unseen_character_is_named_even_one_that_cannot_be_seen(unseen, name):
    with pytest.raises(UserError, match=name):
        CharacterEncoder("ac").encode(unseen)


def test_an_empty_alphabet_holds_the_empty_text_alone():
    encoder = CharacterEncoder.fit([])
    assert (encoder.vocab_size, encoder.encode("").tolist()) == (1, [])
    with pytest.raises(UserError, match="no U\\+0000"):
        encoder.encode("\x00")


def test_an_alphabet_has_no_character_twice_and_no_half_character():
    with pytest.raises(UserError, match=r"'b' .* twice"):
        CharacterEncoder("abcb")
    with pytest.raises(UserError, match="lone surrogate"):
        CharacterEncoder("a\ud800")
    with pytest.raises(UserError, match="lone surrogate"):
        CharacterEncoder.fit(["a", "\udfff"])


@pytest.mark.slow
def test_a_megabyte_is_encoded_in_thirty_milliseconds():
    import time

    encoder = CharacterEncoder("".join(map(chr, range(32, 127))))
    text = "the quick brown fox jumps over it " * 30_000
    seconds = []
    for _ in range(5):
        start = time.process_time()
        encoder.encode(text)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.03


def test_every_plane_of_unicode_is_looked_up_rightly():
    alphabet = "".join(chr(c) for c in range(0, 0x110000, 4099) if not 0xD800 <= c < 0xE000)
    encoder = CharacterEncoder(alphabet)
    assert np.array_equal(encoder.encode(alphabet), np.arange(len(alphabet)))
    assert encoder.decode(np.arange(len(alphabet) + 1)) == alphabet
