"""From a prompt to text: pieces, stop strings, characters cut in two, many at once."""

import pytest

from naepo.config import UserError
from naepo.generate import Sampling, generate, generate_batch, generate_ids

GREEDY = Sampling(temperature=0.0)


def test_the_pieces_come_one_by_one_and_hold_whole_characters(scripted, pieces):
    one, two, three = (bytes([byte]) for byte in "가".encode())
    encoder = pieces([b"a", one, two, three, b"b" + one, two + three])
    model = scripted([0, 1, 2, 3, 4, 5, 6], vocab_size=7)
    texts = generate(model, encoder, "", sampling=GREEDY, max_tokens=20)
    assert list(texts) == ["a", "가", "b", "가"]


def test_a_stop_string_across_ids_ends_the_text_and_the_work(scripted, letters):
    model = scripted(letters.encode("abcdefgh").tolist(), vocab_size=9)
    texts = generate(model, letters, "", sampling=GREEDY, max_tokens=50, stop=("def",))
    assert list(texts) == ["a", "b", "c"]
    assert len(model.given) == 6


def test_a_stop_string_in_the_prompt_does_not_count(scripted, letters):
    model = scripted([2, 2, 0, 1, letters.end_id], vocab_size=9)
    texts = generate(model, letters, "ef", sampling=GREEDY, max_tokens=50, stop=("ef", "fc"))
    assert "".join(texts) == "cab"


def test_what_looked_like_a_stop_string_is_given_at_the_end(scripted, letters):
    model = scripted([0, 1, 2, letters.end_id], vocab_size=9)
    settings = {"sampling": GREEDY, "stop": ("bcd",)}
    assert list(generate(model, letters, "", max_tokens=50, **settings)) == ["a", "bc"]
    assert list(generate(model, letters, "", max_tokens=3, **settings)) == ["a", "bc"]


def test_a_character_cut_by_max_tokens_is_dropped_and_one_cut_by_the_end_is_marked(
    scripted, pieces
):
    encoder = pieces([b"a", b"\xea", b"\xb0", b"\x80"])
    model = scripted([0, 1, 2, encoder.end_id], vocab_size=5)
    assert "".join(generate(model, encoder, "", sampling=GREEDY, max_tokens=3)) == "a"
    assert "".join(generate(model, encoder, "", sampling=GREEDY, max_tokens=4)) == "a\ufffd"
    [text] = generate_batch(model, encoder, [""], sampling=GREEDY, max_tokens=3)
    assert text == "a"


def test_the_text_is_the_decoded_ids(hashing, letters):
    settings = {"sampling": Sampling(seed=3), "max_tokens": 40}
    ids = generate_ids(hashing(), letters, letters.encode("abc").tolist(), **settings)
    texts = generate(hashing(), letters, "abc", **settings)
    assert "".join(texts) == letters.decode(ids)


@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("stop", [(), ("a",), ("ab", "c")])
def test_a_batch_of_ragged_prompts_is_the_same_as_one_by_one(hashing, letters, use_cache, stop):
    prompts = ["abc", "", "h", "fed", "abcdefghabcdefgh", "abc", "gh", "", "bcdefgha"]
    settings = {"max_tokens": 25, "stop": stop, "use_cache": use_cache}
    together = generate_batch(hashing(), letters, prompts, sampling=Sampling(seed=5), **settings)
    alone = [
        "".join(generate(hashing(), letters, prompt, sampling=Sampling(seed=5 + row), **settings))
        for row, prompt in enumerate(prompts)
    ]
    assert together == alone
    assert together[0] != together[5]


def test_prompts_of_equal_length_are_read_together(hashing, letters):
    model = hashing()
    generate_batch(model, letters, ["ab", "cd", "e"], sampling=GREEDY, max_tokens=1)
    assert len(model.given) == 2


def test_a_batch_ends_when_all_its_texts_have(scripted, letters):
    model = scripted([0, letters.end_id], vocab_size=9)
    assert generate_batch(model, letters, ["", ""], sampling=GREEDY, max_tokens=50) == ["a", "a"]
    assert len(model.given) == 2


def test_no_prompts_give_no_texts(hashing, letters):
    assert generate_batch(hashing(), letters, [], sampling=GREEDY, max_tokens=5) == []


def test_each_cut_prompt_of_a_batch_is_told(hashing, letters):
    notes = []
    generate_batch(
        hashing(context_length=2),
        letters,
        ["abc", "ab", "abcd"],
        sampling=GREEDY,
        max_tokens=1,
        on_note=notes.append,
    )
    assert [note.split(" tokens")[0] for note in notes] == ["the prompt has 3", "the prompt has 4"]


@pytest.mark.parametrize(
    ("prompt", "wrong", "says"),
    [
        ("", {"max_tokens": 0}, "max_tokens"),
        ("", {"stop": ("",)}, "stop string"),
        ("한", {}, "no id"),
    ],
)
def test_what_is_wrong_is_said_at_the_call(hashing, letters, prompt, wrong, says):
    settings = {"sampling": GREEDY, "max_tokens": 5} | wrong
    with pytest.raises(UserError, match=says):
        generate(hashing(), letters, prompt, **settings)
    with pytest.raises(UserError, match=says):
        generate_batch(hashing(), letters, [prompt], **settings)
