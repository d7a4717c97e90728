import pytest
from tokenizers import pre_tokenizers

from naepo.encode import BPEEncoder, ByteEncoder
from naepo.encode.byte_level import byte_symbols


def test_an_id_is_a_byte():
    encoder = ByteEncoder()
    assert encoder.encode("값 a").tolist() == list("값 a".encode())
    assert [encoder.content(id) for id in range(256)] == [bytes([id]) for id in range(256)]
    assert (encoder.end_id, encoder.vocab_size) == (256, 257)


@pytest.mark.parametrize("ids", [[0xEA], [0xEA, 0xB0], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xFF]])
def test_bytes_that_are_no_character_are_shown_as_replaced(ids):
    assert "\ufffd" in ByteEncoder().decode(ids)
    assert ByteEncoder().decode([97, *ids, 256, 98]).strip("\ufffd").startswith("a")
    assert ByteEncoder().decode([97, *ids, 256, 98]).endswith("b")


def test_an_end_inside_a_character_does_not_break_it():
    assert ByteEncoder().decode([0xEA, 256, 0xB0, 0x80]) == "가"


def test_the_symbols_of_the_bytes_are_those_of_tokenizers():
    symbols = byte_symbols()
    assert sorted(symbols) == sorted(pre_tokenizers.ByteLevel.alphabet())
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for code in range(128):
        assert split.pre_tokenize_str(chr(code))[0][0] == symbols[code]
    for character in "\u00a0가👍":
        expected = "".join(symbols[byte] for byte in character.encode())
        assert split.pre_tokenize_str(character)[0][0] == expected


def test_bytes_are_byte_pairs_that_were_never_merged():
    text = "값싼 빵, don't 123\n"
    assert BPEEncoder.train([], 257).encode(text).tolist() == ByteEncoder().encode(text).tolist()
