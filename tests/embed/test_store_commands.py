"""Text into a store, found by meaning, by letters and by both, and taken out; and a map of it."""

import re
import shutil

import numpy as np
import pytest
import torch

from naepo import checkpoint, cli
from naepo.config import UserError
from naepo.embed.pairs import read_pairs
from naepo.embed.passages import cut, read_passages
from naepo.embed.sentence_runs import lines_of
from naepo.embed.store import Entry, Store
from naepo.encode import CharacterEncoder, DataSettings, prepare
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.writing import write_midi
from tests.embed.melodies import melody, small_model

NOTES = "오늘 학교에서 수학 시험을 봤다.\n\n날씨가 좋아 공원에 갔다.\n\n집까지 걸어서 갔다.\n"
TABLE = "document,label,year\n이 영화 정말 재미있다,좋음,2019\n지루한 영화,나쁨,2021\n"


def run(capsys, *words):
    code = cli.main(list(map(str, words)))
    out, err = capsys.readouterr()
    return code, out, err


def saved_run(folder, encoder, louder=1.0, plan=None):
    model = small_model(encoder.vocab_size)
    with torch.no_grad():
        model.embedding.weight.mul_(louder)
    settings = {} if plan is None else {"plan": plan}
    checkpoint.save(
        folder, 1, model=model, encoder=encoder, settings=settings, metrics={}, state=None
    )
    return folder


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.txt").write_text(NOTES)
    (folder / "r.csv").write_text(TABLE)
    (folder / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    return folder


def test_letters_alone_need_no_model_and_find_add_narrow_and_delete(notes, tmp_path, capsys):
    store = tmp_path / "s.naepo"
    code, out, err = run(capsys, "embed", notes, "--letters", "--store", store)
    assert code == 0 and not out and "5 added, 5 in" in err and "picture.png" in err
    code, out, _ = run(capsys, "search", store, "학교", "재미", "집")
    lines = [line for line in out.splitlines() if line.startswith(" ")]
    assert code == 0 and len(lines) == 3
    assert "학교에서" in lines[0] and "재미있다" in lines[1] and "집까지" in lines[2]
    assert f"{notes / 'a.txt'}, line 1" in lines[0]
    _, out, _ = run(capsys, "search", store, "영화", "--where", "year>2020")
    assert "지루한" in out and "재미" not in out
    (notes / "b.txt").write_text("학교 축제")
    run(capsys, "embed", notes / "b.txt", "--letters", "--store", store)
    _, out, _ = run(capsys, "search", store, "학교")
    assert len(out.splitlines()) == 2
    run(capsys, "embed", notes / "b.txt", "--letters", "--store", store)  # takes its own place
    code, _, err = run(capsys, "search", store, "--delete", "label=나쁨", f"name={notes / 'b.txt'}")
    assert code == 0 and "2 taken out, 4 left" in err
    _, out, _ = run(capsys, "search", store, "학교", "영화")
    assert "축제" not in out and "지루한" not in out
    code, _, err = run(capsys, "search", store, "학교", "--by", "meaning")
    assert code == 2 and "no vectors of sentences" in err
    code, out, err = run(capsys, "search", store, "없는말")
    assert (code, out, err) == (0, "", "nothing found\n")
    code, _, err = run(capsys, "search", store, "--delete", "9" * 20)
    assert code == 0 and "0 taken out, 4 left" in err
    code, _, err = run(capsys, "search", store, "--delete", "²")
    assert code == 2 and "not a condition" in err
    code, out, err = run(capsys, "search", store, "학교", "--n=-1")
    assert code == 2 and not out and "n must be at least 1, got -1" in err
    code, _, err = run(capsys, "reduce", store)
    assert code == 2 and "no vectors" in err


def test_meaning_and_letters_together_why_and_a_map(notes, tmp_path, capsys):
    home = saved_run(tmp_path / "run", CharacterEncoder.fit([NOTES, TABLE]))
    store = tmp_path / "s.naepo"
    code, _, err = run(capsys, "embed", home, notes, "--store", store, "--tune", 0.001)
    assert code == 0 and "tuned:" in err and "5 added" in err, err
    code, out, _ = run(capsys, "search", store, "지루한 영화", "--why", "--n", 1)
    first, *reasons = out.splitlines()
    assert code == 0 and "meaning 1.000" in first and "letters" in first
    assert reasons[-1].split()[0] == "+1.000" and "4 pairs of words" in reasons[-1]
    (notes / "c.txt").write_text("수학 공원")
    code, _, err = run(capsys, "embed", home, notes / "c.txt", "--store", store)
    assert code == 0 and "1 added, 6 in" in err
    _, out, _ = run(capsys, "search", store, "수학 공원", "--by", "meaning", "--n", 1)
    assert "c.txt" in out and "(meaning 1.000)" in out
    code, out, err = run(
        *(capsys, "reduce", store, "--color", "label", "--svg", tmp_path / "m.svg"),
        *("--out", tmp_path / "m.npz"),
    )
    assert code == 0 and "trustworthiness" in err and "6 points" in err
    svg = (tmp_path / "m.svg").read_text()
    assert "좋음 (1)" in svg and "trustworthiness" in svg and "other (4)" in svg
    code, out, err = run(capsys, "reduce", store, "--onto", tmp_path / "m.npz")
    assert code == 0 and "0 points added" in err and len(out.splitlines()) == 7
    code, _, err = run(capsys, "reduce", store, "--color", "labl")
    assert code == 2 and "did you mean `label`" in err


def test_one_line_at_first_does_not_fix_how_much_a_vector_can_say(notes, tmp_path, capsys):
    home = saved_run(tmp_path / "run", CharacterEncoder.fit([NOTES, TABLE]))
    store, one = tmp_path / "s.naepo", tmp_path / "one.txt"
    one.write_text("수학 공원")
    assert run(capsys, "embed", home, one, "--store", store)[0] == 0
    with Store.open(store) as kept:
        assert kept.width == 1
    code, _, err = run(capsys, "embed", home, notes, "--store", store)
    assert code == 0 and "1 texts are embedded again, in 3 numbers in place of 1" in err, err
    with Store.open(store) as kept:
        assert kept.width == 3 and len(kept) == 6 and kept.ids[0] == 1
        assert len(list(store.glob("vectors-*"))) == 1
        cosines = kept.vectors @ kept.vectors[0]
        assert np.abs(cosines[1:]).max() < 0.999
    code, out, _ = run(capsys, "search", store, "수학 공원", "--by", "meaning", "--n", 1)
    assert code == 0 and "one.txt" in out and "meaning 1.000" in out


def test_lines_of_the_runs_own_text_are_learned_from_where_it_is_at_hand(tmp_path, capsys):
    lines = [f"{a}{b} 집에 갔다" for a in "가나다라마바사아" for b in "학교수학시험날씨"]
    source, store = tmp_path / "text.txt", tmp_path / "s.naepo"
    source.write_text("\n".join(lines))
    corpus = prepare(
        DataSettings(sources=(str(source),), encoder="characters"), cache=tmp_path / "cache"
    )
    plan = {"corpus": corpus.fingerprint, "corpus_folder": str(corpus.folder)}
    home = saved_run(tmp_path / "run", corpus.encoder, plan=plan)
    loaded = checkpoint.load(home)
    found = lines_of(loaded, 10)
    assert 5 <= len(found) <= 10 and set(found) <= set(lines) and found[0] == lines[0]
    (tmp_path / "one.txt").write_text("학교 시험")
    code, _, err = run(capsys, "embed", home, tmp_path / "one.txt", "--store", store)
    assert code == 0, err
    with Store.open(store) as kept:
        assert kept.width >= 20


def test_a_file_is_one_from_wherever_it_is_named_and_no_other(tmp_path, capsys, monkeypatch):
    store = tmp_path / "s.naepo"
    for folder, text in (("one", "학교 하나"), ("two", "학교 둘")):
        (tmp_path / folder / "notes").mkdir(parents=True)
        (tmp_path / folder / "notes" / "a.txt").write_text(text)
        monkeypatch.chdir(tmp_path / folder)
        assert run(capsys, "embed", "notes", "--letters", "--store", store)[0] == 0
    _, out, _ = run(capsys, "search", store, "학교")
    assert len(out.splitlines()) == 2 and "  notes/a.txt, line 1" in out
    assert f"  {tmp_path / 'one' / 'notes' / 'a.txt'}, line 1" in out
    run(capsys, "embed", tmp_path / "two" / "notes", "--letters", "--store", store)
    assert len(run(capsys, "search", store, "학교")[1].splitlines()) == 2
    code, _, err = run(capsys, "search", store, "--delete", "name=notes/a.txt")
    assert code == 0 and "1 taken out, 1 left" in err
    assert "하나" in run(capsys, "search", store, "학교")[1]


def test_a_row_of_an_older_store_is_replaced_and_what_a_file_has_lost_is_lost(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    file, store = tmp_path / "a.txt", tmp_path / "s.naepo"
    file.write_text("학교 새\n\n학교 더")
    things = [Entry("a.txt", "line 1", "text", "학교 옛", {"label": "1"})]
    Store.join(store).add(None, things)
    assert run(capsys, "embed", "a.txt", "--letters", "--store", store)[0] == 0
    _, out, _ = run(capsys, "search", store, "학교")
    assert len(out.splitlines()) == 2 and "옛" not in out
    file.write_text(" \n")
    (tmp_path / "b.txt").write_text("공원")
    code, _, err = run(capsys, "embed", "a.txt", "b.txt", "--letters", "--store", store)
    assert code == 0 and "2 taken out" in err and "1 added, 1 in" in err


def test_a_model_that_is_gone_is_told_letters_find_and_embedding_again_mends_it(
    notes, tmp_path, capsys
):
    encoder, store = CharacterEncoder.fit([NOTES, TABLE]), tmp_path / "s.naepo"
    home = saved_run(tmp_path / "run", encoder)
    assert run(capsys, "embed", home, notes, "--store", store)[0] == 0
    shutil.rmtree(home / "checkpoints")
    saved_run(home, encoder, louder=1.5)
    code, out, err = run(capsys, "search", store, "학교", "--n", 1)
    assert code == 0 and "학교에서" in out and "(letters" in out
    assert "searched by letters alone" in err and "another model" in err
    code, _, err = run(capsys, "search", store, "학교", "--by", "meaning")
    assert code == 2 and "another model" in err
    assert run(capsys, "embed", home, notes, "--store", store)[0] == 0
    code, out, err = run(capsys, "search", store, "학교", "--n", 1)
    assert code == 0 and "meaning" in out and not err
    assert run(capsys, "embed", home, notes / "a.txt", "--store", store, "--tune", 0.0005)[0] == 0
    code, out, err = run(capsys, "search", store, "집까지 걸어서 갔다.", "--n", 1)
    assert code == 0 and "meaning 1.000" in out  # by the tuned copy, which is the newest
    older, newer = re.findall(r"--by (\S+?)(?:,|$)", err, re.M)
    assert older != newer
    code, out, _ = run(capsys, "search", store, "지루한 영화", "--by", older, "--n", 1)
    assert code == 0 and "meaning 1.000" in out and "r.csv" in out
    code, out, _ = run(capsys, "search", store, "학교", "--by", newer)
    assert code == 0 and "meaning" in out and "r.csv" not in out


def test_text_and_music_share_a_store_and_what_cannot_be_compared_is_said(notes, tmp_path, capsys):
    text = saved_run(tmp_path / "text", CharacterEncoder.fit([NOTES, TABLE]))
    scores = [melody(number, 30) for number in range(2)]
    music = saved_run(tmp_path / "music", EventEncoder.fit("remi", iter(scores)))
    (tmp_path / "midis").mkdir()
    for number, score in enumerate(scores):
        write_midi(score, tmp_path / "midis" / f"아리랑 {number}.mid")
    store = tmp_path / "both.naepo"
    code, _, err = run(capsys, "embed", text, notes, "--store", store)
    assert code == 0, err
    assert run(capsys, "embed", music, tmp_path / "midis", "--store", store)[0] == 0
    code, out, err = run(
        capsys, "search", store, "아리랑", "--by", "letters", "--where", "kind=music"
    )
    assert code == 0 and len(out.splitlines()) == 2 and "아리랑 0.mid" in out
    assert "music in this store is of another model" in err
    code, out, err = run(capsys, "search", store, "학교")
    assert code == 0 and ".mid" not in out and "학교에서" in out.splitlines()[0]


def test_numbers_from_a_table_or_an_array_become_a_map(tmp_path, capsys):
    draw = np.random.default_rng(0)
    np.save(tmp_path / "a.npy", draw.normal(size=(12, 5)))
    code, out, err = run(capsys, "reduce", tmp_path / "a.npy")
    assert code == 0 and len(out.splitlines()) == 13 and "PCA of a.npy: 12 points" in err
    lines = "\n".join(f"{a},{b},{c},w{n}" for n, (a, b, c) in enumerate(draw.normal(size=(9, 3))))
    (tmp_path / "t.csv").write_text(f"a,b,c,word\n{lines}\n")
    code, out, err = run(capsys, "reduce", tmp_path / "t.csv", "--color", "a", "--most", 7)
    assert code == 0 and "columns: b, c" in err and "7 of 9 rows" in err
    assert out.splitlines()[0] == "x,y,name,mark"
    (tmp_path / "bad.npy").write_bytes(b"no array")
    for wrong in ("bad.npy", "none.npy"):
        code, _, err = run(capsys, "reduce", tmp_path / wrong)
        assert code == 2 and "error:" in err


def test_texts_are_cut_where_they_should_be():
    text = "One. Two!\nThree\n\n\n  Four  \n"
    assert list(cut(text, "paragraph")) == [(1, "One. Two!\nThree"), (5, "Four")]
    assert list(cut(text, "line")) == [(1, "One. Two!"), (2, "Three"), (5, "Four")]
    assert list(cut(text, "sentence")) == [(1, "One."), (1, "Two!"), (2, "Three"), (5, "Four")]
    assert list(cut(" \n\n ", "file")) == []
    long = "가나다라 마바사. " * 200
    parts = [words for _, words in cut(long, "paragraph")]
    assert all(len(part) <= 600 for part in parts) and " ".join(parts) == long.strip()


def test_tables_are_read_strictly_and_their_mistakes_told_with_the_line(tmp_path):
    def read(content, name="t.csv", **options):
        (tmp_path / name).write_text(content)
        return read_passages([tmp_path / name], on_unread=lambda line: None, **options)

    (one,) = read("id,text\n7,안녕\n8,\n")
    assert (one.text, one.place, one.marks) == ("안녕", "line 2", {"id": "7"})
    (one,) = read('{"text": "하나", "n": 3, "more": [1]}\n', "t.jsonl")
    assert one.marks == {"n": "3"}
    for content, said in (
        ("a,b\n1,2\n", "which column"),
        ('text\n"open\n', "not a table"),
        ("text\na,b\n", "a row has 2 cells"),
        ("text\n", "no text was found"),
    ):
        with pytest.raises(UserError, match=said):
            read(content)
    with pytest.raises(UserError, match="no column is called `txt`"):
        read("text\na\n", column="txt")
    with pytest.raises(UserError, match="a text of"):
        read("text\n" + "a" * (1 << 20) + "b\n")


def test_pairs_are_brought_to_scores_from_nought_to_one(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("sentence1\tsentence2\tscore\na\tb\t5\nc\td\t2.5\n")
    assert read_pairs(path) == [("a", "b", 1.0), ("c", "d", 0.5)]
    path.write_text("one\tother\na\tb\n")
    assert read_pairs(path) == [("a", "b", 1.0)]
    path.write_text("a\tb\tscore\nx\ty\tmuch\n")
    with pytest.raises(UserError, match="a score must be a number, got 'much'"):
        read_pairs(path)
