"""The corpus on disk: exact splits, one encoding, and no half-written folder is ever used."""

import os
import shutil
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError, from_table
from naepo.encode import (
    BPEEncoder,
    ByteEncoder,
    CharacterEncoder,
    DataSettings,
    Encoder,
    arrays,
    cache,
    corpus,
    encode_held_out,
    files,
    gather,
    hashes,
    learning,
    prepare,
    spool,
)
from naepo.encode.corpus import Corpus, Split, open_corpus

SHAKESPEARE = Path(os.environ.get("NAEPO_DATA", "../shared/data")) / "text/tiny-shakespeare.txt"
KOREAN = "안녕하세요, 반갑습니다. 오늘은 날씨가 참 좋네요. 나비가 납니다.\n"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def write(tmp_path):
    """Write text under a name, and give its path."""

    def write_text(name: str, text: str | bytes) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write_text


@pytest.fixture
def make(store):
    """Prepare a corpus in a cache of its own."""

    def prepare_here(*sources: str, **how) -> Corpus:
        return prepare(DataSettings(sources=sources, **how), cache=store)

    return prepare_here


def _documents(encoder: Encoder, *splits: Split) -> list[str]:
    ids = np.concatenate([split.ids for split in splits])
    ends = np.flatnonzero(ids == encoder.end_id)
    return [encoder.decode(part[part != encoder.end_id]) for part in np.split(ids, ends)]


# --- the split ------------------------------------------------------------------------------------


@pytest.mark.skipif(not SHAKESPEARE.exists(), reason="tiny-shakespeare.txt is not here")
def test_tiny_shakespeare_is_split_where_everyone_splits_it(make):
    made = make(str(SHAKESPEARE))
    text = SHAKESPEARE.read_text(encoding="utf-8")
    assert (made.train.n_characters, made.validation.n_characters) == (1_003_854, 111_540)
    assert made.train.text_file.read_text(encoding="utf-8") == text[:1_003_854]
    assert made.validation.text_file.read_text(encoding="utf-8") == text[1_003_854:]
    assert isinstance(made.encoder, CharacterEncoder) and made.encoder.vocab_size == 66


@settings(max_examples=60)
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


# --- documents ------------------------------------------------------------------------------------


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


# --- the encoder ----------------------------------------------------------------------------------


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


# --- empty and tiny -------------------------------------------------------------------------------


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


# --- encoded once ---------------------------------------------------------------------------------


@pytest.fixture
def reads(monkeypatch):
    """Count how often text is read and encoded."""
    done = []
    build = corpus._build
    monkeypatch.setattr(corpus, "_build", lambda *what: (done.append(1), build(*what)))
    return done


def test_unchanged_text_is_encoded_once(make, write, reads):
    path = write("a.txt", "some text " * 50)
    first, second = make(path), make(path)
    assert reads == [1]
    assert first.folder == second.folder and first.fingerprint == second.fingerprint
    assert first.notes == second.notes
    assert first.train.ids.tolist() == second.train.ids.tolist()


def test_a_second_start_is_quick(make, write):
    path = write("a.txt", "some text " * 10_000)
    make(path)
    quickest = []
    for _ in range(5):
        started = time.perf_counter()
        make(path)
        quickest.append(time.perf_counter() - started)
    assert min(quickest) < 0.25  # 10 ms on a machine at rest; this one may be busy


def test_a_changed_file_is_noticed_even_of_the_same_size_and_time(make, write, reads):
    path = Path(write("a.txt", "some text " * 50))
    first, before = make(str(path)), path.stat()
    path.write_text("some Text " * 50)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    second = make(str(path))
    assert len(reads) == 2 and first.fingerprint != second.fingerprint
    assert "Text" in second.train.text_file.read_text()


def test_a_fingerprint_knows_content_and_settings_but_no_paths_and_no_times(make, write):
    text = KOREAN * 20
    first = make(write("a.txt", text))
    moved = Path(write("elsewhere/b.txt", text))
    os.utime(moved, (0, 0))
    assert make(str(moved)).fingerprint == first.fingerprint
    assert make(write("a.txt", text), held_out=0.2).fingerprint != first.fingerprint
    assert make(write("a.txt", text), encoder="bytes").fingerprint != first.fingerprint
    assert make(write("c.txt", text + "!")).fingerprint != first.fingerprint


def test_the_order_of_files_is_part_of_the_text(make, write):
    one, two = write("1.txt", "first text here"), write("2.txt", "second text there")
    assert make(one, two).fingerprint != make(two, one).fingerprint


def test_notes_name_the_files_as_they_are_called_now(make, write, reads):
    make(write("old.txt", "\ufefftext " * 20))
    made = make(write("new.txt", "\ufefftext " * 20))
    assert reads == [1]
    assert any("byte order mark: " in note and note.endswith("new.txt") for note in made.notes)


@pytest.fixture
def large_files(monkeypatch):
    """Treat every file as a large one, whose hash may be remembered; collect what is hashed."""
    hashed = []
    hash_of = hashes.hash_of
    monkeypatch.setattr(hashes.KnownHashes, "ALWAYS_READ", 1)
    monkeypatch.setattr(
        hashes, "hash_of", lambda path, tell: (hashed.append(path.name), hash_of(path, tell))[1]
    )
    return hashed


def test_a_large_file_is_not_read_again_to_see_that_it_is_the_same(make, write, large_files):
    path = write("a.txt", "some text " * 50)
    os.utime(path, (1_000_000, 1_000_000))
    make(path)
    make(path)
    assert large_files == ["a.txt"]
    os.utime(path, (2_000_000, 2_000_000))
    make(path)
    assert large_files == ["a.txt", "a.txt"]


def test_a_large_file_that_was_just_written_is_not_trusted(make, write, large_files):
    path = write("a.txt", "some text " * 50)
    make(path)
    make(path)
    assert large_files == ["a.txt", "a.txt"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"x": 5}', b"\xff"])
def test_a_damaged_list_of_known_hashes_is_no_obstacle(make, write, store, large_files, damage):
    path = write("a.txt", "some text " * 50)
    os.utime(path, (1_000_000, 1_000_000))
    make(path)
    (store / "hashes.json").write_bytes(damage)
    make(path)
    assert large_files == ["a.txt", "a.txt"]


def test_a_file_that_changes_while_it_is_read_is_refused(make, write, monkeypatch):
    path = write("a.txt", "some text " * 50)
    documents = gather.documents

    def and_change(source, reading):
        yield from documents(source, reading)
        Path(path).write_text("other")

    monkeypatch.setattr(gather, "documents", and_change)
    with pytest.raises(UserError, match="was changed while it was being read"):
        make(path)


# --- the cache is whole or not at all -------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_every_file_of_the_cache_is_checked_when_it_is_opened(make, write):
    made = make(write("a.txt", KOREAN * 20), encoder="bytes")
    names = _names(made.folder)
    assert {"corpus.json", "train.ids", "validation.ids", "train.txt"} < set(names)
    for file in (made.folder / name for name in names):
        content = file.read_bytes()
        flipped = bytearray(content)
        flipped[len(content) // 2] ^= 1
        for damaged in (bytes(flipped), content[:-1], b"", content + b"0"):
            file.write_bytes(damaged)
            with pytest.raises(UserError):
                open_corpus(made.folder)
        file.unlink()
        with pytest.raises(UserError):
            open_corpus(made.folder)
        file.write_bytes(content)
    assert open_corpus(made.folder).fingerprint == made.fingerprint


@pytest.mark.parametrize("name", ["corpus.json", "train.ids", "encoder/tokenizer.json"])
def test_a_damaged_corpus_is_made_anew_and_this_is_said(make, write, store, name):
    path = write("a.txt", KOREAN * 20)
    made = make(path, encoder="bytes")
    file = made.folder / name
    file.write_bytes(file.read_bytes()[:-1])
    again = make(path, encoder="bytes")
    assert any("made anew, what was in the cache is damaged" in note for note in again.notes)
    assert again.fingerprint == made.fingerprint
    assert open_corpus(again.folder).fingerprint == made.fingerprint
    assert [entry.name for entry in (store / "corpora").iterdir()] == [again.folder.name]


def test_what_was_opened_is_what_was_prepared(make, write):
    made = make(write("a.txt", KOREAN * 20))
    again = open_corpus(made.folder)
    assert again.notes == made.notes and again.encoder.fingerprint == made.encoder.fingerprint
    assert again.train.ids.tolist() == made.train.ids.tolist()
    with pytest.raises(ValueError, match="read-only"):
        again.train.ids[0] = 0


def test_opening_what_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(UserError, match="no corpus can be opened here"):
        open_corpus(tmp_path)


@pytest.mark.parametrize(
    "place", ["read_into", "learn_encoder", "write_ids", "seal", "commit", "unseal"]
)
@pytest.mark.parametrize("death", [KeyboardInterrupt, MemoryError])
def test_work_that_stops_anywhere_leaves_nothing_that_could_be_used(
    make, write, store, monkeypatch, place, death
):
    path = write("a.txt", KOREAN * 20)

    def die(*what, **how):
        raise death

    with monkeypatch.context() as patched:
        patched.setattr(corpus, place, die)
        with pytest.raises(death):
            make(path)
    left = _names(store / "corpora")
    assert not left or place == "unseal"
    assert make(path).train.n_characters > 0


def test_what_a_killed_process_left_is_removed_after_a_day(make, write, store):
    fresh, old = store / "corpora/.tmp-fresh", store / "corpora/.tmp-old"
    for folder in (fresh, old):
        folder.mkdir(parents=True)
        (folder / "train.txt").write_text("half")
    for path in (old / "train.txt", old):
        os.utime(path, (1_000_000, 1_000_000))
    make(write("a.txt", "some text " * 5))
    assert fresh.exists() and not old.exists()


def test_when_another_process_was_first_its_work_stays(make, write, store, monkeypatch, tmp_path):
    path = write("a.txt", KOREAN * 20)
    theirs = prepare(DataSettings(sources=(path,)), cache=tmp_path / "other").folder
    rename = cache.commit

    def and_be_late(draft, final):
        shutil.copytree(theirs, final)
        (final / "mark").touch()
        rename(draft, final)

    monkeypatch.setattr(corpus, "commit", and_be_late)
    made = make(path)
    assert (made.folder / "mark").exists()
    assert [entry.name for entry in (store / "corpora").iterdir()] == [made.folder.name]


@pytest.mark.slow
def test_processes_that_prepare_at_once_agree(write, store):
    path = write("a.txt", KOREAN * 2000)
    code = (
        "import sys; from pathlib import Path; from naepo.encode import DataSettings, prepare;"
        "c = prepare(DataSettings(sources=(sys.argv[1],)), cache=Path(sys.argv[2]));"
        "print(c.fingerprint, len(c.train.ids))"
    )
    command = [sys.executable, "-c", code, path, str(store)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate()[0] for process in running}
    assert len(said) == 1 and all(process.returncode == 0 for process in running)
    assert len(list((store / "corpora").iterdir())) == 1


@pytest.mark.slow
def test_a_process_killed_at_any_moment_leaves_no_half_a_corpus(write, store):
    path = write("a.txt", KOREAN * 4000)
    code = (
        "import sys; from pathlib import Path; from naepo.encode import DataSettings, prepare;"
        "print('ready', flush=True);"
        "prepare(DataSettings(sources=(sys.argv[1],), encoder='bytes'), cache=Path(sys.argv[2]))"
    )
    whole = prepare(DataSettings(sources=(path,), encoder="bytes"), cache=store).fingerprint
    for wait in np.linspace(0, 0.4, 12):
        shutil.rmtree(store)
        command = [sys.executable, "-c", code, path, str(store)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
        for folder in (store / "corpora").glob("[!.]*"):
            assert open_corpus(folder).fingerprint == whole
        made = prepare(DataSettings(sources=(path,), encoder="bytes"), cache=store)
        assert made.fingerprint == whole and not any("made anew" in note for note in made.notes)


def test_a_cache_that_cannot_be_written_is_said(write, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write in") as caught:
        prepare(DataSettings(sources=(write("a.txt", "text"),)), cache=tmp_path / "file")
    assert "XDG_CACHE_HOME" in str(caught.value.hint)


def test_a_full_disk_is_said(make, write, store, monkeypatch):
    def full(*what):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(corpus, "write_ids", full)
    with pytest.raises(UserError, match=r"the disk is full: .* MiB are free"):
        make(write("a.txt", "some text " * 5))
    assert not _names(store / "corpora")


def test_the_cache_is_where_the_person_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.Cache().root == tmp_path / "xdg" / "naepo"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.Cache().root == tmp_path / ".cache" / "naepo"
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-at-all").expanduser())
    with pytest.raises(UserError, match="no home folder"):
        cache.Cache()


# --- memory, progress -----------------------------------------------------------------------------


def test_an_endless_line_takes_no_more_memory_for_being_longer(make, write, monkeypatch):
    for module, name in ((files, "CHUNK"), (spool, "CHUNK"), (arrays, "CHARACTERS_AT_ONCE")):
        monkeypatch.setattr(module, name, 1 << 16)
    monkeypatch.setattr(learning, "COUNTED", 1 << 18)
    peaks = []
    for n in (25_000, 75_000):
        path = write("a.txt", "가나다 abc " * n)
        tracemalloc.start()
        made = make(path, encoder="bytes")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert made.train.n_bytes + made.validation.n_bytes == 14 * n
    assert peaks[1] < 1.3 * peaks[0], peaks


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("encoder", ["bytes", "bpe"])
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


# --- other text, with a run's own encoder ---------------------------------------------------------


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
    assert not _names(store)


def test_settings_stay_as_they_were(write, store):
    how = DataSettings(sources=("x",))
    encode_held_out([write("a.txt", "abc")], ByteEncoder(), how, cache=store)
    assert how == replace(how)
