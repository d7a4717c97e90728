"""What is saved is loaded bit for bit; a kind is known by its content; junk is refused."""

import gzip
import pickle
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.embed.vector_files import NOT_IN_A_WORD, load, save
from naepo.embed.vectors import WordVectors

KINDS = (".txt", ".vec", ".bin", ".safetensors")
WORDS = ("the", "안녕하세요", "값", "👩‍👧", "a\u00a0b\u3000c", "0.5", "\u2028", "\ufeffx")

letters = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=NOT_IN_A_WORD), min_size=1
)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def vectors_of(draw, words=letters):
    names = draw(st.lists(words, min_size=1, max_size=6, unique=True))
    d = draw(st.integers(2, 5))
    rows = draw(st.lists(st.lists(finite, min_size=d, max_size=d), min_size=1, max_size=6))
    return names, [rows[i % len(rows)] for i in range(len(names))]


def made(drawn):
    names, rows = drawn
    return WordVectors(tuple(names), np.array(rows, dtype=np.float32))


def same(one, other):
    assert one.words == other.words
    assert one.vectors.tobytes() == other.vectors.tobytes()
    assert (one.contexts is None) == (other.contexts is None)


@pytest.mark.parametrize("ending", KINDS)
@settings(max_examples=30)
@given(drawn=vectors_of())
def test_what_was_saved_is_loaded_bit_for_bit(tmp_path_factory, ending, drawn):
    path = tmp_path_factory.mktemp("vectors") / f"v{ending}"
    vectors = made(drawn)
    save(vectors, path)
    same(load(path), vectors)


@settings(max_examples=30)
@given(drawn=vectors_of(st.text(st.characters(exclude_categories=["Cs"]))))
def test_safetensors_hold_any_word_even_none(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("vectors") / "v.safetensors"
    vectors = made(drawn)
    save(vectors, path)
    same(load(path), vectors)


def table(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


@pytest.fixture
def known():
    return WordVectors(WORDS, table(len(WORDS), 5))


def test_contexts_stay_in_safetensors(known, tmp_path):
    both = WordVectors(known.words, known.vectors, table(len(WORDS), 5, seed=1))
    save(both, tmp_path / "v.safetensors")
    found = load(tmp_path / "v.safetensors")
    same(found, both)
    assert found.contexts.tobytes() == both.contexts.tobytes()
    part = load(tmp_path / "v.safetensors", limit=3)
    assert part.contexts.tobytes() == both.contexts[:3].tobytes()


@pytest.mark.parametrize("ending", [".txt", ".bin"])
@pytest.mark.parametrize("n", [1, 1023, 1024, 1025, 2500])
def test_files_of_several_blocks_are_whole(tmp_path, ending, n):
    vectors = WordVectors(tuple(f"w{i}" for i in range(n)), table(n, 3))
    save(vectors, tmp_path / f"v{ending}")
    same(load(tmp_path / f"v{ending}"), vectors)
    assert len(load(tmp_path / f"v{ending}", limit=7)) == min(7, n)


def test_a_kind_is_told_from_content_not_from_its_name(known, tmp_path):
    for ending in KINDS:
        save(known, tmp_path / f"v{ending}")
        (tmp_path / f"v{ending}").rename(tmp_path / "unnamed")
        same(load(tmp_path / "unnamed"), known)


def test_gzipped_files_are_unpacked(known, tmp_path):
    for ending in (".txt", ".bin"):
        save(known, tmp_path / f"v{ending}")
        packed = gzip.compress((tmp_path / f"v{ending}").read_bytes())
        (tmp_path / "v.gz").write_bytes(packed)
        same(load(tmp_path / "v.gz"), known)
        (tmp_path / "v.gz").write_bytes(packed[:-12])
        with pytest.raises(UserError):
            load(tmp_path / "v.gz")


def text(tmp_path, content):
    path = tmp_path / "v.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_glove_has_no_header_and_its_words_may_hold_spaces(tmp_path):
    found = load(text(tmp_path, "the 0.5 -1\nat name@domain.com 1e-3 2\n. . . 0 0\n"))
    assert found.words == ("the", "at name@domain.com", ". . .")
    assert found.vectors.tolist() == [[0.5, -1.0], [np.float32(1e-3), 2.0], [0.0, 0.0]]


@pytest.mark.parametrize("header", ["", "2 2\n"])
def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path, header):
    found = load(text(tmp_path, f"\ufeff{header}나 1 2\nb 3 4\n"))
    assert found.words == ("나", "b") and found.vectors.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_fasttext_ends_its_lines_with_a_space_and_windows_with_a_return(tmp_path):
    expected = [[1.0, 2.0], [3.0, 4.0]]
    for end in (" \n", "\r\n"):
        content = f"2 2{end}안녕 1 2{end}b 3 4{end}"
        assert load(text(tmp_path, content)).vectors.tolist() == expected
    assert load(text(tmp_path, "a 1 2\nb 3 4\n\n")).vectors.tolist() == expected


def test_binary_records_may_have_no_newline_between_them(tmp_path):
    rows = table(2, 3)
    content = b"2 3\na " + rows[0].tobytes() + b"bc " + rows[1].tobytes()
    assert load(text(tmp_path, content)).vectors.tobytes() == rows.tobytes()


def test_of_a_word_that_stands_twice_the_first_vector_is_kept(tmp_path):
    found = load(text(tmp_path, "a 1 1\nb 2 2\na 3 3\n"))
    assert found.words == ("a", "b")
    assert found["a"].tolist() == [1, 1]


def test_an_array_takes_its_words_from_beside_it_or_from_the_caller(tmp_path):
    rows = table(2, 3)
    path = tmp_path / "v.npy"
    np.save(path, rows.astype(np.float64))
    assert load(path).words == ("0", "1")
    assert load(path, words=["do", "re"])["re"].tobytes() == rows[1].tobytes()
    (tmp_path / "v.words.txt").write_text("도 o\n레\n", encoding="utf-8")
    assert load(path).words == ("도 o", "레")
    with pytest.raises(UserError, match="2 rows have 1 words"):
        load(path, words=["do"])


def test_the_only_table_of_other_peoples_safetensors_is_read(tmp_path):
    import torch
    from safetensors.torch import save_file

    save_file({"embedding.weight": torch.ones(3, 2, dtype=torch.bfloat16)}, tmp_path / "m")
    assert load(tmp_path / "m", words=["a", "b", "c"]).words == tuple("abc")
    save_file({"one": torch.ones(3, 2), "two": torch.ones(3, 2)}, tmp_path / "m")
    with pytest.raises(UserError, match="holds 2 tables"):
        load(tmp_path / "m")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("hello\nworld\n", "not a file of vectors"),
        ("a 1 2\nb 1\n", "line 2: expected a word and 2 numbers, got 1"),
        ("a 1 2\nb 1 x\n", "line 2: expected a number, got `x`"),
        ("a 1 2\nb 1 1_0\n", "line 2: expected a number, got `1_0`"),
        ("a 1 2\nb 1 nan\n", "line 2: NaN"),
        ("a 1 2\nb 1 1e39\n", "line 2: NaN, infinity, or a number beyond"),
        ("a 1 2\n 1 2\n", "line 2: there is no word"),
        (b"a 1 2\n\xff 1 2\n", "line 2: the word .* is not UTF-8"),
        ("2 2\na 1 2\n", "promises 2 words in its first line, got 1"),
        ("1 2\na 1 2\nb 1 2\n", "holds more"),
        ("0 2\n", "no vectors"),
        ("999999999999 999999\na 1\n", "larger than"),
        (b"2 2\na \x00\x00\x80\x3f\x00\x00\x80\x3fb ", "ends in record 2"),
        (b"1 2\na \x00\x00\xc0\x7f\x00\x00\x80\x3f", "record 1: NaN"),
        (b"a 1 2\n" + b"x" * 1_100_000, "line 2 is longer than"),
        (pickle.dumps({"a": [1.0]}), "a Python pickle"),
        (b"PK\x03\x04....", "zip archive"),
        (b"\xba\x16\x4f\x2f....", "fastText model"),
        (b"\x93NUMPY\x01\x00", "not a sound .npy"),
        (b"\x02\0\0\0\0\0\0\0{}", "0 tables"),
        (b"\xff\0\0\0\0\0\0\0{}", "not a sound safetensors"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path, content, says):
    with pytest.raises(UserError, match=says) as caught:
        load(text(tmp_path, content))
    assert str(tmp_path) in caught.value.message


def test_an_array_of_objects_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('unpickled')",))

    np.save(tmp_path / "v.npy", np.array([[Trap()]]), allow_pickle=True)
    with pytest.raises(UserError, match=r"not a sound \.npy"):
        load(tmp_path / "v.npy")


def test_broken_letters_are_replaced_when_that_is_wanted(tmp_path):
    assert load(text(tmp_path, b"\xffa 1 2\n"), errors="replace").words == ("\ufffda",)


def test_a_table_that_is_too_large_is_refused_before_it_is_read(known, tmp_path):
    for ending in KINDS:
        path = tmp_path / f"v{ending}"
        save(known, path)
        with pytest.raises(UserError, match="larger than 10 bytes"):
            load(path, max_bytes=10)


@pytest.mark.parametrize("ending", [".txt", ".bin"])
@pytest.mark.parametrize("word", ["two words", "", "new\nline", "a\t"])
def test_a_word_with_white_space_is_refused_where_it_does_not_fit(tmp_path, ending, word):
    with pytest.raises(UserError, match="safetensors"):
        save(WordVectors((word,), table(1, 2)), tmp_path / f"v{ending}")


@pytest.mark.parametrize("ending", KINDS)
def test_a_save_that_fails_leaves_what_was_there(known, tmp_path, ending):
    path = tmp_path / f"v{ending}"
    save(known, path)
    with pytest.raises(UserError, match="half a character"):
        save(WordVectors(("a", "\ud800"), table(2, 2)), path)
    same(load(path), known)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_or_read_is_refused(known, tmp_path):
    with pytest.raises(UserError, match=r"got v\.pkl"):
        save(known, tmp_path / "v.pkl")
    with pytest.raises(UserError, match="NaN"):
        save(WordVectors(("a",), np.full((1, 2), np.nan, np.float32)), tmp_path / "v.bin")
    with pytest.raises(UserError, match="could not write"):
        save(known, tmp_path / "nowhere" / "v.bin")
    with pytest.raises(UserError, match="No such file"):
        load(tmp_path / "v.bin")
    with pytest.raises(UserError, match="limit"):
        load(tmp_path / "v.bin", limit=0)


@pytest.mark.parametrize("ending", KINDS)
def test_a_file_with_a_byte_changed_or_cut_off_is_read_or_refused(known, tmp_path, ending):
    path = tmp_path / f"v{ending}"
    save(known, path)
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    for _ in range(60):
        at = int(draw.integers(len(whole)))
        changed = whole[:at] + bytes([draw.integers(256)]) + whole[at + 1 :]
        for content in (changed, whole[:at]):
            path.write_bytes(content)
            with suppress(UserError):
                load(path)
