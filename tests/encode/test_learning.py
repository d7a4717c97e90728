"""The encoder of a corpus: asked for, or chosen, and said."""

import pytest

from naepo.config import UserError, from_table
from naepo.encode import BPEEncoder, CharacterEncoder, DataSettings, learning, prepare

KOREAN = "안녕하세요, 반갑습니다. 오늘은 날씨가 참 좋네요. 나비가 납니다.\n"


def test_the_encoder_is_chosen_and_the_choice_is_said(make, write):
    made = make(write("a.txt", "the cat sat on the mat. " * 200))
    assert isinstance(made.encoder, CharacterEncoder)
    assert "encoder: one id per character, because" in "\n".join(made.notes)


def test_merges_are_learnt_from_the_training_part_alone(make, write):
    path = write("a.txt", "abc " * 900 + "xyz " * 100)
    made = make(path, encoder="bpe", vocab_size=270)
    contents = b" ".join(made.encoder.content(id) for id in range(256, made.encoder.vocab_size))
    assert b"bc" in contents and b"yz" not in contents


def test_merges_of_a_huge_text_are_learnt_from_pieces_all_over_it(make, write, monkeypatch):
    monkeypatch.setattr(learning, "LEARNT_FROM", 50_000)
    monkeypatch.setattr(learning, "PIECE", 1_000)
    made = make(write("a.txt", "one two " * 12_500 + "three " * 8_000), encoder="bpe")
    contents = [made.encoder.content(id) for id in range(256, made.encoder.vocab_size)]
    assert b" two" in contents and b" three" in contents
    assert any("learnt from 50,000 characters spread over the text" in note for note in made.notes)


def test_the_alphabet_is_that_of_the_whole_text_so_that_what_is_held_out_can_be_told(make, write):
    made = make(write("a.txt", "a" * 95 + "zebra"), encoder="characters")
    assert "z" in made.encoder.decode(made.validation.ids)


def test_characters_per_token_are_said_for_korean(make, write):
    made = make(write("a.txt", KOREAN * 20), encoder="bytes")
    n = made.train.n_characters / len(made.train.ids)
    assert any(f"{n:.2f} characters per token" in note for note in made.notes)
    assert not any("per token" in note for note in make(write("b.txt", "plain " * 50)).notes)


def test_an_existing_tokenizer_is_used_and_a_change_of_it_noticed(make, write, tmp_path):
    path = write("a.txt", KOREAN * 20)
    folder = tmp_path / "tokenizer"
    BPEEncoder.train([KOREAN * 20], 300).save(folder)
    first = make(path, encoder=str(folder / "tokenizer.json"))
    assert first.encoder.vocab_size == 300
    BPEEncoder.train([KOREAN * 20], 290).save(folder)
    assert make(path, encoder=str(folder)).encoder.vocab_size == 290


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"encoder": "charcters"}, "did you mean `characters`"),
        ({"encoder": "bytes", "vocab_size": 300}, "vocab_size is for an encoder trained here"),
        ({"encoder": "bpe", "vocab_size": 3}, "vocab_size must be"),
        ({"held_out": 1.0}, "held_out must be at least 0 and below 1"),
        ({"held_out": float("nan")}, "held_out must be"),
        ({"encoding": "utf-9"}, "unknown encoding `utf-9`"),
        ({"encoding": "rot13"}, "unknown encoding `rot13`"),
        ({"vocab_size": 0}, "vocab_size must be at least 1"),
        ({"sources": ()}, "no text was named"),
    ],
)
def test_settings_that_cannot_be_are_refused(store, write, how, message):
    wanted = {"sources": (write("a.txt", "some text " * 10),), **how}
    with pytest.raises(UserError) as caught:
        prepare(DataSettings(**wanted), cache=store)
    assert message in str(caught.value)


def test_settings_are_read_from_a_recipe():
    table = {"sources": ["a.txt"], "normalize": "NFKC"}
    assert from_table(DataSettings, table, "x.toml", "data").sources == ("a.txt",)
    with pytest.raises(UserError, match="one of"):
        from_table(DataSettings, {**table, "normalize": "NFX"}, "x.toml", "data")
