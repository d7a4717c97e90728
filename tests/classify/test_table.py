"""Tables are read strictly, with the line of what is wrong, and written with nothing lost."""

import gzip
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naepo.classify import table
from naepo.classify.table import TableWriter, open_table, read_examples
from naepo.config import UserError
from naepo.embed import passages
from naepo.encode import tables

CELL = st.text(st.sampled_from("\r\n\t\"',;| a가"), max_size=6)


@pytest.fixture
def write(tmp_path):
    def written(content, name="reviews.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def test_cells_come_as_they_were_with_the_line_where_their_row_begins(write):
    path = write('id,text,label\n1,"a, ""b""\nc",good\n\n2, d ,bad\n')
    found = open_table(path)
    assert found.columns == ["id", "text", "label"]
    assert list(found.rows) == [(2, ["1", 'a, "b"\nc', "good"]), (5, ["2", " d ", "bad"])]


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_csv_file_may_have_another_separator(write, separator):
    path = write(separator.join(["text", "label"]) + f"\na{separator}b\n")
    assert list(open_table(path).rows) == [(2, ["a", "b"])]


def test_in_a_tsv_file_a_quote_is_a_quote_and_packed_files_are_read(write):
    path = write(gzip.compress('text\tlabel\n"오늘\tgood\n'.encode()), "r.tsv.gz")
    assert list(open_table(path).rows) == [(2, ['"오늘', "good"])]


def test_a_byte_order_mark_is_no_part_of_the_first_name(write):
    assert open_table(write(b"\xef\xbb\xbftext,label\n")).columns == ["text", "label"]


def test_where_there_is_one_column_an_empty_line_is_an_empty_text(write):
    assert [row for _, row in open_table(write("text\na\n\nb\n")).rows] == [["a"], [""], ["b"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty, expected a header"),
        ("text,label,text\na,b,c\n", "names `text` 2 times"),
        ("text,label\na,b\nc\n", "a row has 1 cells, the header 2 .*line 3"),
        ("text,label\na,b,c\n", "a row has 3 cells, the header 2 .*line 2"),
        ('text,label\na,b\n"c,d\n', "not a table: .*begins at line 3"),
        (b"text,label\n\xb0\xa1,good\n", "is not utf-8: got byte 0xb0 at offset 11, line 2"),
    ],
)
def test_a_row_that_cannot_be_read_is_said_with_its_line(write, content, said):
    with pytest.raises(UserError, match=said):
        list(open_table(write(content)).rows)


def test_another_encoding_can_be_named(write):
    path = write("text,label\n가,좋음\n".encode("cp949"))
    with pytest.raises(UserError, match="--encoding cp949"):
        list(open_table(path).rows)
    assert list(open_table(path, "cp949").rows) == [(2, ["가", "좋음"])]


def test_a_cell_beyond_all_measure_is_refused_and_not_read_into_memory(write, monkeypatch):
    monkeypatch.setattr("naepo.encode.tables.MAX_ROW", 1 << 20)
    path = write("text,label\n" + "x" * (3 << 20) + ",good\n")
    with pytest.raises(UserError, match="has a row longer than 1,048,576 characters"):
        list(open_table(path).rows)


def test_a_quoted_cell_of_many_lines_is_refused_beyond_its_measure_too(write, monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROW", 200_000)
    monkeypatch.setattr(tables.csv, "field_size_limit", _limit_of(200_000))
    path = write('text,label\n"' + "x\n" * 200_000 + '",good\n')
    with pytest.raises(UserError, match=r"field larger than field limit .*line 2"):
        list(open_table(path).rows)


def _limit_of(limit):
    import _csv

    def set_it(*asked):
        return _csv.field_size_limit(limit) if asked else limit

    return set_it


@pytest.fixture(autouse=True)
def _same_limit():
    import csv

    before = csv.field_size_limit()
    yield
    csv.field_size_limit(before)


@pytest.mark.parametrize("name", ["notes.txt", "reviews.jsonl", "missing.csv"])
def test_what_is_no_table_is_refused(tmp_path, name):
    if name != "missing.csv":
        (tmp_path / name).write_text("text\n")
    with pytest.raises(UserError, match=r"no table|cannot read"):
        open_table(tmp_path / name)


def test_a_missing_column_names_those_there_are(write):
    path = write("document,label\na,good\n")
    with pytest.raises(UserError, match="its columns are `document`, `label`"):
        read_examples(path, "text", "label")
    with pytest.raises(UserError, match="did you mean `document`"):
        read_examples(path, "documents", "label")


def test_empty_texts_are_kept_and_counted(write):
    found = read_examples(write("text,label\na,good\n,bad\n  ,bad\n"), "text", "label")
    assert (found.texts, found.labels, found.n_empty) == (
        ["a", "", "  "], ["good", "bad", "bad"], 2,
    )  # fmt: skip


@pytest.mark.parametrize("nothing", ["", "nan", "NaN", " "])
def test_a_row_without_a_label_stops_or_is_left_out_as_one_says(write, nothing):
    path = write(f"text,label\na,good\nb,{nothing}\nc,bad\n")
    with pytest.raises(UserError, match=r"1 rows of .* have no label in `label`.*line 3"):
        read_examples(path, "text", "label")
    assert read_examples(path, "text", "label", skip_unlabelled=True).texts == ["a", "c"]


@pytest.mark.parametrize(("rows", "said"), [("a,good\nb,good\n", "only `good`"), ("", "no label")])
def test_one_class_is_no_task(write, rows, said):
    with pytest.raises(UserError, match=f"holds {said}"):
        read_examples(write("text,label\n" + rows), "text", "label")


def test_a_table_to_test_on_may_hold_one_class_but_none_that_is_not_learnt(write):
    classes = {"good", "bad"}
    path = write("text,label\na,good\nb,good\n")
    assert read_examples(path, "text", "label", learnt=classes).labels == ["good", "good"]
    with pytest.raises(UserError, match=r"`Good` is no class .*line 3") as refused:
        read_examples(write("text,label\na,good\nb,Good\n"), "text", "label", learnt=classes)
    assert refused.value.hint == "its classes: `bad`, `good`"
    with pytest.raises(UserError, match="holds no label"):
        read_examples(write("text,label\n"), "text", "label", learnt=classes)


def test_a_text_may_be_as_long_as_one_that_is_embedded(write):
    assert table.LONGEST_TEXT == passages.MOST_OF_A_ROW == 1 << 20
    long = "x" * (1 << 20)
    path = write(f"text,label,more\na,good,\n{long},bad,{long}y\n")
    assert read_examples(path, "text", "label").texts[1] == long
    with pytest.raises(UserError, match=r"a text of 1,048,577 characters \(.*line 3\)"):
        read_examples(path, "more", "label")


def test_what_is_written_can_be_read_again_and_new_columns_take_no_name_that_is_taken(write):
    file = io.StringIO()
    writer = TableWriter(file, ["text", "predicted"], ["predicted", "p(a)"], False)
    writer.write(['a,"b"\nc', "old"], ["good", "0.5"])
    found = open_table(write(file.getvalue()))
    assert found.columns == ["text", "predicted", "predicted_", "p(a)"]
    assert [row for _, row in found.rows] == [['a,"b"\nc', "old", "good", "0.5"]]


@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=4))
def test_any_cell_comes_back_from_a_csv_file_whose_lines_end_alike(rows):
    file = io.StringIO(newline="")
    writer = TableWriter(file, ["id", "text"], ["predicted"], False)
    for id, text in rows:
        writer.write([id, text], ["good"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "named.csv"
        path.write_bytes(file.getvalue().encode())
        again = [cells for _, cells in open_table(path).rows]
    assert again == [[id, text, "good"] for id, text in rows]
    plain = [text for row in rows for text in row if "\r" in text]
    assert plain or "\r" not in file.getvalue()


def test_a_lone_carriage_return_is_quoted_and_the_lines_end_as_they_did():
    file = io.StringIO(newline="")
    TableWriter(file, ["id", "text"], ["predicted"], False).write(["1", "a\rb"], ["good"])
    assert file.getvalue() == 'id,text,predicted\n1,"a\rb",good\n'


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "a\rb", "a\r"])
def test_a_tsv_file_is_not_given_a_cell_that_it_cannot_hold(cell):
    file = io.StringIO(newline="")
    writer = TableWriter(file, ["text"], [], True)
    with pytest.raises(UserError, match="cannot hold a cell with a tab or a line break"):
        writer.write([cell], [])
    writer.write(['"a'], [])
    assert file.getvalue() == 'text\n"a\n'
