"""Files to text: strict, the same however it is cut, and every refusal names its place."""

import gzip
import json
import lzma
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode import decoding, files, normal_form, tables
from naepo.encode.decoding import Reading
from naepo.encode.files import Source, stamp_of
from naepo.encode.formats import documents, kind_of
from naepo.encode.normal_form import Normalizer, normalized

KOREAN = "안녕하세요, 반갑습니다. 오늘은 날씨가 참 좋네요.\n"


@pytest.fixture
def read(tmp_path):
    """Write bytes under a name, read them, and give the documents and what was noted."""

    def write_and_read(name: str, content: bytes | str, **how) -> tuple[list[str], dict[str, int]]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        noted: dict[str, int] = {}
        reading = Reading(note=lambda what, times: noted.update({what: times}), **how)
        return _documents(_source(path), reading), noted

    return write_and_read


def _source(path) -> Source:
    kind, packing = kind_of(path.name) or ("text", "")
    return Source(path, path.name, kind, packing, stamp_of(path.stat()))


def _documents(source: Source, reading: Reading) -> list[str]:
    whole, waiting = [], []
    for piece in documents(source, reading):
        if piece is None:
            whole.append("".join(waiting))
            waiting = []
        else:
            waiting.append(piece)
    assert not waiting
    return whole


# --- text ---------------------------------------------------------------------------------------


def test_a_text_file_is_one_document_as_it_stands(read):
    assert read("a.txt", " 나비\n\n  한 줄 \n")[0] == [" 나비\n\n  한 줄 \n"]


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_packed_file_is_unpacked(read, ending, pack):
    assert read(f"a.txt{ending}", pack(KOREAN.encode()))[0] == [KOREAN]
    assert read(f"a.csv{ending}", pack(b"id,text\n1,one\n2,two\n"))[0] == ["one", "two"]


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_damaged_packed_file_is_refused(read, ending, pack):
    packed = pack(KOREAN.encode() * 50)
    for damaged in (packed[:-9], packed[:20] + b"\xff\xff\xff" + packed[23:], b"no such thing"):
        with pytest.raises(UserError, match="is damaged"):
            read(f"a.txt{ending}", damaged)


def test_a_file_that_unpacks_without_end_is_refused(read, monkeypatch):
    monkeypatch.setattr(files, "LARGE", 1 << 20)
    with pytest.raises(UserError, match="unpacks to more than 200 times its size"):
        read("bomb.txt.gz", gzip.compress(b"a" * (4 << 20)))


def test_an_empty_file_is_no_document_and_is_noted(read):
    assert read("a.txt", "") == ([], {"left out, it holds no text": 1})
    assert read("b.txt", "\ufeff") == (
        [],
        {"dropped the byte order mark": 1, "left out, it holds no text": 1},
    )


def test_a_file_of_spaces_is_text(read):
    assert read("a.txt", " \n")[0] == [" \n"]


def test_the_byte_order_mark_is_dropped_at_the_start_only(read):
    texts, noted = read("a.txt", "\ufeffone\ufefftwo")
    assert texts == ["one\ufefftwo"]
    assert noted == {"dropped the byte order mark": 1}


def test_few_nuls_are_kept_and_counted(read):
    texts, noted = read("a.txt", "one\0two\0")
    assert texts == ["one\0two\0"]
    assert noted == {"kept {n} NUL characters": 2}


def test_a_binary_file_is_refused_unless_an_encoding_is_named(read):
    binary = bytes([0, 1, 0, 2]) * 100
    with pytest.raises(UserError, match="200 of its first 400 characters are NUL"):
        read("a.txt", binary)
    assert len(read("a.txt", binary, encoding="latin-1")[0][0]) == 400


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_byte_that_is_no_utf8_is_named_with_line_and_offset(read, monkeypatch, chunk):
    monkeypatch.setattr(files, "CHUNK", chunk)
    content = "첫째 줄\n둘째 ".encode() + b"\xff rest"
    with pytest.raises(UserError) as caught:
        read("bad.txt", content)
    assert caught.value.message.startswith(
        f"bad.txt is not utf-8: got byte 0xff at offset {content.index(0xFF)}, line 2"
    )
    assert caught.value.hint is None


@pytest.mark.parametrize("chunk", [1, 2, 1 << 20])
def test_a_character_cut_off_at_the_end_is_named(read, monkeypatch, chunk):
    monkeypatch.setattr(files, "CHUNK", chunk)
    with pytest.raises(UserError, match="got byte 0xea at offset 2, line 2"):
        read("cut.txt", b"a\n" + "가".encode()[:2])


@pytest.mark.parametrize(
    ("text", "encoding", "hint"),
    [
        (KOREAN, "cp949", "cp949"),
        (KOREAN + "똠방각하 펲시콜라\n", "cp949", "cp949"),
        (KOREAN, "euc-kr", "cp949"),
        (KOREAN, "utf-16", "utf-16"),
        (KOREAN, "utf-32", "utf-32"),
        ("plain English, wide\n" * 3, "utf-16-le", "utf-16-le"),
        ("plain English, wide\n" * 3, "utf-16-be", "utf-16-be"),
        ("これは日本語の文章です。\n", "cp932", "cp932"),
        ("这是一个简体中文的句子，用来测试。\n", "gb18030", "gb18030"),
        ("Un café crème, s’il vous plaît.\n", "cp1252", "cp1252"),
        ("Die Straße führt nach Köln.\n", "latin-1", "cp1252"),
    ],
)
def test_the_encoding_that_would_have_worked_is_the_hint_and_works(read, text, encoding, hint):
    content = text.encode(encoding)
    with pytest.raises(UserError) as caught:
        read("a.txt", content)
    assert caught.value.hint == f"--encoding {hint}"
    assert read("a.txt", content, encoding=hint)[0] == [text]


def test_utf8_is_the_hint_when_another_encoding_was_named_wrongly(read):
    with pytest.raises(UserError) as caught:
        read("a.txt", "한글은 좋다 €".encode(), encoding="cp949")
    assert caught.value.hint == "--encoding utf-8"


@pytest.mark.parametrize(
    "content",
    [
        KOREAN.encode("cp949") * 20 + b"\xff\xff",
        bytes(range(1, 256)),
        "русский текст, такой как есть\n".encode("koi8-r"),
    ],
)
def test_no_encoding_is_hinted_when_none_fits_the_whole_file(read, content):
    with pytest.raises(UserError) as caught:
        read("a.txt", content)
    assert caught.value.hint is None


@settings(max_examples=40)
@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    try:
        texts = _documents(_source(path), Reading())
    except UserError as error:
        assert "any.txt" in error.message
    else:
        assert "".join(texts).encode() == content.removeprefix(b"\xef\xbb\xbf")


# --- one normal form ----------------------------------------------------------------------------

JOINING = st.text(
    st.sampled_from("aeé가각간ᄒ\u1161\u11abかカ\u3099ｶﾞﾟ\u0301\u0323\u0327ﬁ\r\n 1²ক\u09be\u09d7")
)


@given(JOINING | st.text(), st.sampled_from(["NFC", "NFKC", "none"]), st.data())
def test_a_normal_form_does_not_depend_on_how_the_text_was_cut(text, form, data):
    normalizer, given_back, start = Normalizer(form), [], 0
    while start < len(text):
        size = data.draw(st.integers(1, 5))
        given_back.append(normalizer.feed(text[start : start + size]))
        start += size
    given_back.append(normalizer.finish())
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    expected = lines if form == "none" else unicodedata.normalize(form, lines)
    assert "".join(given_back) == expected


def test_every_character_that_is_cut_before_joins_nothing_before_it():
    safe = normal_form._IS_SAFE.findall("".join(map(chr, range(0x110000))))
    assert len(safe) > 39_000
    before = "a\u0323가ᄀ\u1161か"
    for form in ("NFC", "NFKC"):
        for base in before:
            start = unicodedata.normalize(form, base)
            whole = unicodedata.normalize(form, "\n".join(base + c for c in safe))
            apart = "\n".join(start + unicodedata.normalize(form, c) for c in safe)
            assert whole == apart


@pytest.mark.timeout(20)
def test_endless_combining_marks_take_no_endless_time():
    marks = "a" + "\u0301\u0316" * 100_000
    assert len(normalized(marks, "NFC")) > 190_000
    assert normalized("a" + "\u0301\u0316" * 20, "NFC") == unicodedata.normalize(
        "NFC", "a" + "\u0301\u0316" * 20
    )


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["text", "content", "document"])
def test_the_usual_names_of_the_text_column_are_known(read, column):
    table = f"id,{column},title\n1,하나,a\n2,둘,b\n"
    assert read("a.csv", table)[0] == ["하나", "둘"]
    assert read("a.tsv", table.replace(",", "\t"))[0] == ["하나", "둘"]


def test_the_only_column_with_words_is_the_text(read):
    assert read("a.csv", "stars,review,when\n5,good,2020\n1,bad,2021\n")[0] == ["good", "bad"]
    rows = [{"n": 1, "body": "one"}, {"n": 2, "body": "two"}]
    assert read("a.jsonl", "\n".join(map(json.dumps, rows)))[0] == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "title,review\na,b\n"),
        ("a.tsv", "title\treview\na\tb\n"),
        ("a.jsonl", '{"title": "a", "review": "b"}\n'),
    ],
)
def test_an_unclear_column_is_asked_for_and_a_named_one_is_read(read, name, content):
    with pytest.raises(UserError, match="its columns are title, review") as caught:
        read(name, content)
    assert caught.value.hint == "--data.column NAME"
    assert read(name, content, column="review")[0] == ["b"]
    with pytest.raises(UserError, match="no column is called `revew`") as caught:
        read(name, content, column="revew")
    assert "`review`" in str(caught.value.hint)


def test_a_table_of_numbers_has_no_text_column(read):
    with pytest.raises(UserError, match=r"no column of a\.csv holds text"):
        read("a.csv", "x,y\n1,2\n")


def test_quotes_separators_and_newlines_inside_a_csv_field_are_text(read):
    table = 'id;text\r\n1;"a; ""b""\r\nsecond line"\r\n2;plain\r\n'
    normalizer = Normalizer("NFC")
    texts = [normalizer.feed(text) + normalizer.finish() for text in read("a.csv", table)[0]]
    assert texts == ['a; "b"\nsecond line', "plain"]


def test_a_quote_in_a_tsv_is_a_quote(read):
    assert read("a.tsv", 'id\ttext\n1\t"open\n2\tnext\n')[0] == ['"open', "next"]


def test_a_quote_that_never_closes_is_refused_with_its_line(read):
    with pytest.raises(UserError, match=r"not a table: .*a\.csv, the row that begins at line 3"):
        read("a.csv", 'id,text\n1,ok\n2,"open\n')


def test_rows_without_text_and_rows_with_too_much_are_counted(read):
    texts, noted = read("a.csv", "id,text\n1,one\n2,\n3\n\n4,four,more\n5,  \n")
    assert texts == ["one", "four"]
    assert noted == {
        "left out {n} rows without a text": 3,
        "{n} rows have more fields than the first one": 1,
    }


@pytest.mark.parametrize("content", ["", "id,text\n", "\n"])
def test_a_table_without_rows_is_empty(read, content):
    assert read("a.csv", content) == ([], {"left out, it holds no text": 1})


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{bad", "not JSON"),
        ("[1, 2]", "expected a JSON object, got list"),
        ('{"text": 5}', "`text` must be a text, got int"),
        ("[" * 100_000, "not JSON"),
        ('{"text": "x", "n": ' + "9" * 5000 + "}", "not JSON"),
        ('{"text": "half of \\ud83d"}', r"a lone surrogate, \\ud83d"),
    ],
)
def test_a_row_of_jsonl_that_cannot_be_read_is_named_by_its_line(read, line, what):
    with pytest.raises(UserError, match=what) as caught:
        read("a.jsonl", '{"text": "fine"}\n\n' + line + "\n")
    assert "a.jsonl, line 3" in caught.value.message


def test_both_halves_of_a_surrogate_pair_are_one_character(read):
    assert read("a.jsonl", '{"text": "\\ud83d\\ude00"}')[0] == ["😀"]


def test_lines_of_jsonl_end_at_newlines_only(read):
    text = "one\u2028two\u0085three\x0bfour"
    assert read("a.jsonl", json.dumps({"text": text}, ensure_ascii=False))[0] == [text]


@pytest.mark.parametrize(
    ("name", "start"), [("a.jsonl", '{"text": "'), ("a.csv", 'text\n"'), ("a.tsv", "text\n")]
)
def test_a_row_of_a_table_has_a_largest_size(read, monkeypatch, name, start):
    monkeypatch.setattr(tables, "MAX_ROW", 200_000)
    monkeypatch.setattr(files, "CHUNK", 4096)
    with pytest.raises(UserError, match="longer than 200,000 characters"):
        read(name, start + "a" * 500_000)


def test_parquet_is_read_row_by_row(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [f"글 {number}" for number in range(3000)] + [None, " "]
    pq.write_table(pa.table({"n": range(3002), "content": texts}), path)
    noted = {}
    done = []
    reading = Reading(note=lambda what, times: noted.update({what: times}), on_bytes=done.append)
    assert _documents(_source(path), reading) == texts[:3000]
    assert noted == {"left out {n} rows without a text": 2}
    assert 0.9 * path.stat().st_size < sum(done) <= path.stat().st_size


def test_a_parquet_column_can_be_a_dictionary_but_not_a_number(tmp_path):
    path = tmp_path / "a.parquet"
    column = pa.array(["x", "y", "x"]).dictionary_encode()
    pq.write_table(pa.table({"n": [1, 2, 3], "words": column}), path)
    assert _documents(_source(path), Reading()) == ["x", "y", "x"]
    with pytest.raises(UserError, match="holds int64, expected text"):
        _documents(_source(path), Reading(column="n"))


@pytest.mark.parametrize("keep", [0, 4, 60, -10])
def test_a_damaged_parquet_file_is_refused(tmp_path, keep):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["one", "two"]}), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"a\.parquet is damaged"):
        _documents(_source(path), Reading())


def test_parquet_text_that_is_no_utf8_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    broken = pa.array([b"ok", b"\xff"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": broken}), path)
    with pytest.raises(UserError, match=r"not UTF-8 \(a\.parquet"):
        _documents(_source(path), Reading())


def test_many_nuls_are_looked_for_in_utf8_only():
    assert decoding.MANY_NULS > 8
