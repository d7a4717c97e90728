"""The corpus on disk: exact splits, whole documents, little memory."""

import os
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import (
    BPEEncoder,
    ByteEncoder,
    CharacterEncoder,
    DataSettings,
    Encoder,
    Split,
    arrays,
    encode_held_out,
    files,
    learning,
    prepare,
    spool,
)

SHAKESPEARE = Path(os.environ.get("NAEPO_DATA", "../shared/data")) / "text/tiny-shakespeare.txt"
KOREAN = "안녕하세요, 반갑습니다. 오늘은 날씨가 참 좋네요. 나비가 납니다.\n"


def _documents(encoder: Encoder, *splits: Split) -> list[str]:
    ids = np.concatenate([split.ids for split in splits])
    ends = np.flatnonzero(ids == encoder.end_id)
    return [encoder.decode(part[part != encoder.end_id]) for part in np.split(ids, ends)]


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="tiny-shakespeare.txt is not here")
def test_tiny_shakespeare_is_split_where_everyone_splits_it(make):
    made = make(str(SHAKESPEARE), encoder="characters")
    text = SHAKESPEARE.read_text(encoding="utf-8")
    assert (made.train.n_characters, made.validation.n_characters) == (1_003_854, 111_540)
    assert made.train.text_file.read_text(encoding="utf-8") == text[:1_003_854]
    assert made.validation.text_file.read_text(encoding="utf-8") == text[1_003_854:]
    assert len(made.train.ids) == 1_003_854 and made.encoder.vocab_size == 66


@settings(max_examples=40)
@given(
    st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8),
    st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9]),
)
def test_what_is_spooled_is_all_there_and_split_at_the_character(tmp_path_factory, texts, held_out):
    folder = tmp_path_factory.mktemp("spool")
    with spool.Spool(folder, "none") as spooled:
        spooled.add((piece for text in texts for piece in (text, None)), "here")
    lines = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    joined = "\n".join(lines)
    assert (spooled.n_characters, spooled.n_bytes) == (len(joined), len(joined.encode()))
    train, validation = spooled.split(held_out)
    n_train = len(joined) * (10 - round(10 * held_out)) // 10
    for part, expected in ((train, joined[:n_train]), (validation, joined[n_train:])):
        assert part.text_file.read_bytes() == expected.encode()
        assert (part.n_characters, part.n_bytes) == (len(expected), len(expected.encode()))
    pieces = [*spool.pieces(train, len, 4), *spool.pieces(validation, len, 4)]
    assert "".join("\0\0" if piece is None else piece for piece in pieces) == "\0\0".join(lines)


@pytest.mark.parametrize("chunk", [1, 3, 5, 1 << 20])
def test_the_place_of_a_character_is_found_in_bytes(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(spool, "CHUNK", chunk)
    text = "a가😀é\n나b"
    (tmp_path / "text").write_text(text, encoding="utf-8")
    for n in range(len(text) + 1):
        assert spool.byte_offset(tmp_path / "text", n) == len(text[:n].encode())


def test_the_share_held_out_is_exact_not_nearly_so(make, write):
    made = make(write("a.txt", "x" * 10), held_out=0.9, encoder="bytes")
    assert (made.train.n_characters, made.validation.n_characters) == (1, 9)


def test_nothing_can_be_held_out(make, write):
    made = make(write("a.txt", "all of it"), held_out=0.0)
    assert made.train.n_characters == 9
    assert made.validation.ids.shape == (0,) and not made.validation.ids.flags.writeable


@pytest.mark.parametrize("encoder", ["characters", "bytes", "bpe"])
def test_the_end_stands_between_documents_and_nowhere_else(make, write, encoder):
    texts = [f"{number}. {KOREAN}" for number in range(40)]
    for number, text in enumerate(texts):
        write(f"many/{number:03}.txt", text)
    made = make(str(Path(write("many/zzz.txt", "")).parent), encoder=encoder)
    assert _documents(made.encoder, made.train, made.validation) == texts
    assert made.validation.ids[-1] != made.encoder.end_id
    assert "left out, it holds no text" in "\n".join(made.notes)


def test_each_row_of_a_table_is_a_document_and_a_border_counts_as_one_character(make, write):
    made = make(write("a.csv", "id,text\n1,하나\n2,둘\n3,셋\n"), encoder="bytes", held_out=0.0)
    assert _documents(made.encoder, made.train) == ["하나", "둘", "셋"]
    assert made.train.text_file.read_text(encoding="utf-8") == "하나\n둘\n셋"
    assert made.train.n_characters == 6 and made.train.n_bytes == 14 == len(made.train.ids)


def test_a_split_inside_a_border_loses_nothing(make, write):
    path = write("a.csv", "text\nabcd\nefgh\nijkl\n")
    for held_out in (0.2, 0.3, 0.4, 0.7):
        made = make(path, encoder="bytes", held_out=held_out)
        assert _documents(made.encoder, made.train, made.validation) == ["abcd", "efgh", "ijkl"]
        assert len(made.train.ids) == made.train.n_characters


@pytest.mark.parametrize("form", ["NFC", "NFKC", "none"])
def test_text_is_normalised_as_asked(make, write, form):
    made = make(write("a.txt", "\u1112\u1161\u11ab ﬁ\r\n"), normalize=form, held_out=0.0)
    expected = {"NFC": "한 ﬁ\n", "NFKC": "한 fi\n", "none": "\u1112\u1161\u11ab ﬁ\n"}[form]
    assert made.train.text_file.read_bytes() == expected.encode()


@pytest.mark.parametrize(("n", "kind"), [(65_536, "<u2"), (65_537, "<u4")])
def test_ids_take_two_bytes_while_that_is_enough(n, kind):
    assert arrays.id_type(n) == kind


class Wide(ByteEncoder):
    """Bytes, in a vocabulary with room for more."""

    vocab_size = 65_537
    end_id = 65_536


def test_ids_beyond_two_bytes_are_kept(write, store):
    path = write("a.csv", "text\none\ntwo\n")
    split = encode_held_out([path], Wide(), DataSettings(sources=("x",)), cache=store)
    assert split.ids.dtype == np.dtype("<u4")
    assert split.ids.tolist() == [*b"one", 65_536, *b"two"]


@pytest.mark.parametrize(
    "text", [KOREAN * 30, "one  two\n\n three! " * 90, "x" * 2000, "a b" * 500]
)
def test_a_text_encoded_in_pieces_has_the_ids_of_the_whole(tmp_path, monkeypatch, text):
    encoder = BPEEncoder.train([text, KOREAN, "one two three"], 300)
    monkeypatch.setattr(arrays, "CHARACTERS_AT_ONCE", 300)
    with spool.Spool(tmp_path, "none") as spooled:
        spooled.add(iter([text, None]), "here")
    whole = spooled.whole()
    cut_at = [arrays.seam(text[:size], encoder) for size in (100, 333, 512)]
    assert all(0 < place <= 512 for place in cut_at)
    monkeypatch.setattr(arrays, "pieces", lambda part, cut: spool.pieces(part, cut, size=128))
    n_ids = arrays.write_ids(whole, encoder, tmp_path / "ids")
    ids = arrays.open_ids(tmp_path / "ids", "<u2")
    assert n_ids == len(ids) and encoder.decode(ids) == text
    if " " in text:
        assert ids.tolist() == encoder.encode(text).tolist()


def test_an_empty_corpus_is_refused_with_what_was_left_out(make, write):
    with pytest.raises(UserError, match=r"the corpus is empty\n.*holds no text: .*a\.txt"):
        make(write("a.txt", ""), write("b.txt", b"\xef\xbb\xbf"))


def test_a_corpus_too_short_to_split_is_refused(make, write):
    with pytest.raises(UserError, match="the corpus has 1 characters"):
        make(write("a.txt", "x"))


def test_a_corpus_shorter_than_any_context_has_its_true_sizes(make, write):
    made = make(write("a.txt", "abc"), encoder="bytes")
    assert (made.train.ids.tolist(), made.validation.ids.tolist()) == ([97, 98], [99])


def test_a_lone_surrogate_that_a_codec_lets_through_is_refused(make, write):
    with pytest.raises(UserError, match=r"a lone surrogate, U\+D83D, is no character"):
        make(write("a.txt", b"+2D0-"), encoding="utf-7")


def test_an_endless_line_takes_no_more_memory_for_being_longer(make, write, monkeypatch):
    for module, name in ((files, "CHUNK"), (spool, "CHUNK"), (arrays, "CHARACTERS_AT_ONCE")):
        monkeypatch.setattr(module, name, 1 << 16)
    monkeypatch.setattr(learning, "COUNTED", 1 << 18)
    peaks = []
    for n in (20_000, 50_000):
        path = write("a.txt", "가나다 abc " * n)
        tracemalloc.start()
        made = make(path, encoder="bytes")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert made.train.n_bytes + made.validation.n_bytes == 14 * n
    assert peaks[1] < 1.3 * peaks[0], peaks


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "encoder",
    [
        pytest.param("bytes", marks=pytest.mark.slow),
        pytest.param("bpe", marks=pytest.mark.torture),
    ],
)
def test_a_line_of_200_mb_takes_less_memory_than_it_is_long(write, store, encoder):
    path = write("a.txt", "")
    with Path(path).open("w", encoding="utf-8") as file:
        for number in range(2_000):
            file.write(f"{number} 한 줄에 다 있는 글 and some more words of it, " * 1_800)
    code = (
        "import sys; from pathlib import Path; from naepo.encode import DataSettings, prepare\n"
        "status = Path('/proc/self/status')\n"
        "def peak(): return int(status.read_text().split('VmHWM:')[1].split()[0])\n"
        "before = peak()\n"
        "s = DataSettings(sources=(sys.argv[1],), encoder=sys.argv[3])\n"
        "c = prepare(s, cache=Path(sys.argv[2]))\n"
        "print(c.train.n_bytes + c.validation.n_bytes, peak() - before)"
    )
    command = [sys.executable, "-c", code, path, str(store), encoder]
    n_bytes, n_kib = map(int, subprocess.check_output(command).split())
    assert n_bytes == Path(path).stat().st_size > 200_000_000
    assert n_kib < 200_000


def test_progress_goes_through_its_phases_to_the_end(write, store):
    told: list[tuple[str, float]] = []
    prepare(
        DataSettings(sources=(write("a.txt", KOREAN * 500),), encoder="bytes"),
        cache=store,
        on_progress=lambda phase, fraction: told.append((phase, fraction)),
    )
    assert list(dict.fromkeys(phase for phase, _ in told)) == ["check", "read", "learn", "encode"]
    for phase in ("check", "read", "learn", "encode"):
        shares = [fraction for name, fraction in told if name == phase]
        assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) < 500


def test_other_text_is_encoded_whole_with_the_given_encoder(write, store):
    how = DataSettings(sources=("what was trained on",), column="text")
    path = write("held-out.csv", "text,n\n하나,1\n둘\r\n")
    split = encode_held_out([path], ByteEncoder(), how, cache=store)
    assert _documents(ByteEncoder(), split) == ["하나", "둘"]
    assert (split.n_characters, split.n_bytes) == (4, 10)
    again = encode_held_out([Path(path)], ByteEncoder(), how, cache=store)
    assert again.text_file == split.text_file
    other = encode_held_out([path], CharacterEncoder.fit("하나둘"), how, cache=store)
    assert len(other.ids) == 4


def test_other_text_that_the_encoder_cannot_hold_is_refused(write, store):
    how = DataSettings(sources=("x",))
    with pytest.raises(UserError, match="alphabet"):
        encode_held_out([write("a.txt", "abc")], CharacterEncoder.fit("ab"), how, cache=store)
    assert not [path for path in store.rglob("*") if path.is_file()]


def test_settings_stay_as_they_were(write, store):
    how = DataSettings(sources=("x",))
    encode_held_out([write("a.txt", "abc")], ByteEncoder(), how, cache=store)
    assert how == replace(how)
