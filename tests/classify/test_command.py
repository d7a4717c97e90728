"""`naepo classify`, in this process: CSV in, CSV out."""

import csv
import io
import json

import pytest

from naepo import cli
from tests.classify.conftest import reviews


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    for name, seed in (("reviews", 0), ("more", 1)):
        rows = zip(*reviews(seed=seed), strict=True)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["id", "document", "label"], *([1, *row] for row in rows)])
    (folder / "new.tsv").write_text('id\tdocument\n7\t최악 "영화\n8\t\n9\tgreat ▣\n')
    return folder


def typed(capsys, *words):
    code = cli.main(["classify", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(scope="module")
def classifier(desk, run):
    words = [run, desk / "reviews.csv", "--text", "document", "--out", desk / "made"]
    words += [
        "--picture",
        desk / "made.svg",
        "--kind",
        "both",
        "--layer",
        1,
        "--pooling",
        "mean",
        "--test",
        desk / "more.csv",
    ]
    assert cli.main(["classify", "train", *map(str, words)]) == 0
    return desk / "made"


def test_a_table_comes_back_whole_with_classes_and_probabilities(classifier, desk, capsys):
    capsys.readouterr()
    code, out, err = typed(capsys, classifier, desk / "new.tsv")
    assert code == 0 and "3 texts, 1 of them empty" in err
    assert "2 hold what the encoder does not know" in err
    rows = list(csv.reader(io.StringIO(out), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert rows[0] == ["id", "document", "predicted", "p(bad)", "p(good)"]
    assert [row[:3] for row in (rows[1], rows[3])] == [
        ["7", '최악 "영화', "bad"], ["9", "great ▣", "good"],
    ]  # fmt: skip
    assert all(abs(float(row[3]) + float(row[4]) - 1) < 1e-4 for row in rows[1:])


def test_a_file_is_written_whole_and_says_why_when_asked(classifier, desk, capsys, tmp_path):
    out = tmp_path / "named.csv"
    code, printed, err = typed(capsys, classifier, desk / "more.csv", "--out", out, "--why")
    assert (code, printed) == (0, "") and f"160 texts, written to {out}" in err
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"), newline="")))
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert len(rows) == 160 and right > 140
    assert all("+" in row["why"] for row in rows[:5])


def test_each_text_that_is_not_known_whole_is_counted_once(classifier, capsys, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("document\n최악 영화 漢字 ▣ 漢\n최악 영화\n", encoding="utf-8")
    _, out, err = typed(capsys, classifier, table, "--why")
    assert "1 hold what the encoder does not know" in err and "漢字" not in out.split("\n")[2]


def test_the_report_stands_beside_it_with_the_floor(classifier):
    page = (classifier / "report.html").read_text(encoding="utf-8")
    picture = (classifier.parent / "made.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg") and ">bad</text>" in picture
    assert "n-grams alone" in page and "<svg" in page and "calibration error" in page


def test_what_a_person_can_get_wrong_is_said(classifier, desk, capsys, run, tmp_path):
    code, _, err = typed(capsys, classifier, desk / "reviews.csv", "--text", "documnet")
    assert code == 2 and "did you mean `document`" in err
    words = ("train", run, desk / "reviews.csv", "--out", tmp_path / "made")
    code, _, err = typed(capsys, *words)
    assert code == 2 and "no column is called `text`" in err and "`document`" in err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    words = ("train", run, desk / "reviews.csv", "--text", "document")
    code, _, err = typed(capsys, *words, "--out", tmp_path / "full")
    assert code == 2 and "holds something else" in err
    code, _, err = typed(capsys, tmp_path / "full", desk / "new.tsv")
    assert code == 2 and "holds no classifier" in err and "--out FOLDER" in err
    code, _, err = typed(capsys, run, desk / "new.tsv")
    assert code == 2 and f"{run} is a run" in err and f"classify train {run} TABLE" in err
    code, _, err = typed(capsys, tmp_path / "new", desk / "new.tsv")
    assert code == 2 and f"--out {tmp_path / 'new'}" in err
    code, _, err = typed(capsys, classifier, desk / "new.tsv", "--out", tmp_path / "named.txt")
    assert code == 2 and "ends in .csv or .tsv" in err


def test_every_mistake_is_found_before_the_learning(desk, capsys, run, tmp_path, monkeypatch):
    def learn(*_):
        raise AssertionError("it was learnt")

    monkeypatch.setattr("naepo.classify.learning.learn", learn)
    (tmp_path / "afile").write_text("mine")
    (tmp_path / "strange.csv").write_text("document,label\n영화,good\n영화,grand\n")
    (tmp_path / "none.csv").write_text("document,label\n")
    words = ("train", run, desk / "reviews.csv", "--text", "document", "--out")
    made = tmp_path / "made"
    for wrong, said in (
        ((tmp_path / "afile",), "afile is a file, expected a folder"),
        ((tmp_path / "afile" / "made",), "Not a directory"),
        ((made, "--test", tmp_path / "strange.csv"), "`grand` is no class of the table"),
        ((made, "--test", tmp_path / "none.csv"), "`label` holds no label at all"),
        ((made, "--picture", tmp_path / "none" / "x.svg"), "No such file or directory"),
        ((made, "--picture", tmp_path), "ends in .svg"),
        ((made, "--picture", made / "x.svg"), "lies in the classifier's folder"),
        ((made, "--seed", -1), "--seed must be from 0 to 2^63 - 1, got -1"),
        ((made, "--kind", "lora", "--minutes", 0), "--minutes must be above 0, got 0"),
        ((made, "--minutes", "nan"), "--minutes must be above 0, got nan"),
    ):
        code, out, err = typed(capsys, *words, *wrong)
        assert (code, out) == (2, "") and said in err, err
    assert (
        "strange.csv, line 3" in typed(capsys, *words, made, "--test", tmp_path / "strange.csv")[2]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"afile", "strange.csv", "none.csv"}
    assert (tmp_path / "afile").read_text() == "mine"


def test_one_class_is_enough_to_test_on(desk, capsys, run, tmp_path):
    table = tmp_path / "good.csv"
    table.write_text("document,label\n좋아요 영화,good\n영화 감동,good\n")
    words = ("train", run, desk / "reviews.csv", "--text", "document", "--kind", "ngrams")
    code, out, err = typed(capsys, *words, "--out", tmp_path / "made", "--test", table)
    assert code == 0 and f"{table}, 2 texts" in out, err
    figures = json.loads((tmp_path / "made" / "classifier.json").read_text())["about"]["figures"]
    assert figures["n"] == 2


def test_what_is_learnt_is_kept_before_it_is_told(desk, capsys, run, tmp_path, monkeypatch):
    def broken(*_):
        raise MemoryError

    words = ("train", run, desk / "reviews.csv", "--text", "document", "--kind", "ngrams", "--out")
    for place, more in (
        ("naepo.classify.report.in_words", ()),
        ("naepo.cli.classify._score", ("--test", desk / "more.csv")),
        ("naepo.classify.report.write_picture", ("--picture", tmp_path / "p.svg")),
    ):
        made = tmp_path / place.split(".")[-1]
        with monkeypatch.context() as patch, pytest.raises(MemoryError):
            patch.setattr(place, broken)
            typed(capsys, *words, made, *more)
        assert f"kept in {made} (0.0 MB)" in capsys.readouterr().err
        assert typed(capsys, made, desk / "new.tsv")[0] == 0


def test_a_broken_row_in_the_middle_leaves_no_half_file(classifier, desk, capsys, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_text("document\n" + "좋아요\n" * 2000 + '"never closed\n')
    out = tmp_path / "named.csv"
    code, _, err = typed(capsys, classifier, broken, "--out", out)
    assert code == 2 and "line 2,002" in err
    assert not out.exists() and not list(tmp_path.glob(".tmp*"))


def test_a_text_beyond_all_measure_is_named_with_its_line(classifier, capsys, tmp_path):
    table, out = tmp_path / "long.csv", tmp_path / "named.csv"
    table.write_text("document\n좋아요\n" + "x" * ((1 << 20) + 1) + "\n")
    code, _, err = typed(capsys, classifier, table, "--out", out)
    assert code == 2 and "1,048,577 characters" in err and "line 3" in err
    assert not out.exists()


def test_help_needs_no_library(capsys):
    with pytest.raises(SystemExit) as left:
        typed(capsys, "train", "--help")
    assert left.value.code == 0
