import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import BPEEncoder, ByteEncoder
from naepo.encode import bpe as bpe_module
from naepo.encode.bpe import LONGEST_RUN, PIECE, QWEN2_PATTERN

LINES = [
    f"{a} {b} {c}"
    for a in ("the cat", "a dog", "나는", "it's")
    for b in ("sat on", "looked at", "보았다", "ran to")
    for c in ("the mat.", "2024!", "학교에\n\n", "    return x")
]
TEXT = "\n".join(LINES)


@pytest.fixture(scope="module")
def trained() -> BPEEncoder:
    return BPEEncoder.train([TEXT], 320)


def test_the_pattern_is_the_one_that_llama_cpp_knows_as_qwen2():
    digest = hashlib.sha256(QWEN2_PATTERN.encode()).hexdigest()
    assert digest == "1ff7f41064896984db5d1bb6ff64fa4bc29007d08c1b439e505b7392777a319e"


def test_ids_are_the_bytes_then_the_merges_in_order_then_the_end(trained):
    assert trained.vocab_size == 320
    assert trained.end_id == 319
    assert [trained.content(id) for id in range(256)] == [bytes([id]) for id in range(256)]
    made = [left + right for left, right in trained.specification["model"]["merges"]]
    by_id = {id: token for token, id in trained.specification["model"]["vocab"].items()}
    assert [by_id[256 + k] for k in range(len(made))] == made


def test_merges_shorten_what_was_learnt_from(trained):
    assert len(trained.encode(TEXT)) < 0.6 * len(ByteEncoder().encode(TEXT))
    assert len(trained.encode(" the")) == 1


def test_training_is_the_same_again_and_whatever_the_order_of_the_texts(trained):
    assert BPEEncoder.train([TEXT], 320).fingerprint == trained.fingerprint
    lines = [line + "\n" for line in LINES]
    first = BPEEncoder.train(lines, 320).fingerprint
    random.Random(3).shuffle(lines)
    assert BPEEncoder.train(iter(lines), 320).fingerprint == first


def test_training_prints_nothing(capfd):
    BPEEncoder.train([TEXT], 300)
    assert capfd.readouterr() == ("", "")


def test_a_text_with_nothing_to_merge_gives_fewer_ids_than_asked_for():
    assert BPEEncoder.train(["abc"], 1024).vocab_size == 257
    assert BPEEncoder.train("abc", 1024).vocab_size == 257


@pytest.mark.parametrize("vocab_size", [-1, 0, 256, 2**21])
def test_a_vocabulary_too_small_or_too_large_is_refused(vocab_size):
    with pytest.raises(UserError, match=f"257 .* got {vocab_size}"):
        BPEEncoder.train([TEXT], vocab_size)


def test_training_names_the_place_of_half_a_character():
    with pytest.raises(UserError, match="lone surrogate, U\\+DC00, at line 2, column 2"):
        BPEEncoder.train(["fine", "a\nb\udc00"], 300)


def test_what_fails_in_the_source_of_the_texts_is_not_hidden():
    def broken():
        yield "abc"
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="the disk went away"):
        BPEEncoder.train(broken(), 300)


def test_the_name_of_the_end_in_a_text_is_text(trained):
    text = "one<|endoftext|>two <|endoftext|>"
    assert trained.end_id not in trained.encode(text)
    assert trained.decode(trained.encode(text)) == text


def test_the_name_of_the_end_is_not_learnt_even_from_a_text_full_of_it():
    encoder = BPEEncoder.train(["a <|endoftext|> b<|endoftext|>"] * 50, 300)
    assert encoder.end_id not in encoder.encode("<|endoftext|>" * 3)
    assert list(encoder.specification["model"]["vocab"]).count("<|endoftext|>") == 1


def test_no_run_without_a_space_is_learnt_from_whole():
    text = "x" * 1300 + " " + "가" * LONGEST_RUN + "\n" + "ab " * 1000
    pieces = list(bpe_module._without_long_runs([text]))
    assert "".join(pieces) == text
    assert max(len(run) for piece in pieces for run in piece.split()) == LONGEST_RUN
    assert list(bpe_module._without_long_runs(["short text", ""])) == ["short text", ""]


@pytest.mark.slow
def test_a_million_letters_without_a_space_are_learnt_from_in_seconds():
    import time

    letters = "".join(random.Random(0).choices("ACGT", k=1_000_000))
    start = time.process_time()
    encoder = BPEEncoder.train([letters], 1024)
    assert time.process_time() - start < 30
    assert encoder.decode(encoder.encode(letters)) == letters


WHITE_AND_NOT = "   \n\r\t\u3000\x1c\x85\u00a0aA'1.,<|>_가é\u0301"


@pytest.fixture(scope="module")
def trained_on_spaces() -> BPEEncoder:
    """An encoder whose merges join white characters, so that a wrong cut shows in the ids."""
    letters = random.Random(1).choices(WHITE_AND_NOT, k=20_000)
    return BPEEncoder.train(["".join(letters)], 1024)


@given(text=st.text(st.sampled_from(WHITE_AND_NOT), max_size=40))
@settings(max_examples=100, deadline=None)
def test_cutting_a_long_text_changes_no_id(trained_on_spaces, text):
    whole = trained_on_spaces._engine.encode(text, add_special_tokens=False).ids
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bpe_module, "PIECE", 3)
        patch.setattr(bpe_module, "PIECES_AT_ONCE", 2)
        assert "".join(bpe_module._cut(text)) == text
        assert trained_on_spaces.encode(text).tolist() == whole


def test_a_long_text_is_cut_and_still_gives_the_ids_of_the_whole(trained):
    text = TEXT * (3 * PIECE // len(TEXT))
    assert len(bpe_module._cut(text)) > 2
    whole = trained._engine.encode(text, add_special_tokens=False).ids
    assert trained.encode(text).tolist() == whole
