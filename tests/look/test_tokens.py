"""Every syllable is whole once, and what is no character is bytes, never U+FFFD."""

import pytest

from naepo.encode import BPEEncoder, ByteEncoder, CharacterEncoder
from naepo.look.tokens import Cell, cells, completions, groups, label, script, vocabulary

SYLLABLE = "안".encode()


_TWO_BROKEN_BYTES = [(0, 1, None, "fragment"), (1, 2, None, "fragment"), (2, 3, "x", "text")]


def made_of(*contents: bytes) -> list[Cell]:
    return [Cell(id, content, label(content)) for id, content in enumerate(contents)]


def shape(*contents: bytes) -> list[tuple[int, int, str | None, str]]:
    return [(g.start, g.end, g.text, g.kind) for g in groups(made_of(*contents))]


def test_the_bytes_of_a_syllable_are_one_group():
    encoder = ByteEncoder()
    found = groups(cells(encoder, encoder.encode("안녕 a").tolist()))
    assert [(g.start, g.end, g.text) for g in found] == [
        (0, 3, "안"),
        (3, 6, "녕"),
        (6, 7, " "),
        (7, 8, "a"),
    ]


def test_an_id_that_ends_one_character_and_begins_another_joins_both():
    whole = "가나".encode()
    assert shape(whole[:2], whole[2:4], whole[4:]) == [(0, 3, "가나", "text")]


def test_an_end_token_is_a_group_of_its_own_and_ends_a_fragment():
    encoder = ByteEncoder()
    ids = [*SYLLABLE[:2], encoder.end_id, *SYLLABLE]
    found = groups(cells(encoder, ids))
    assert [(g.start, g.end, g.kind) for g in found] == [
        (0, 2, "fragment"),
        (2, 3, "special"),
        (3, 6, "text"),
    ]
    assert found[1].text == "<|endoftext|>"


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        ((b"\xec", b"a"), [(0, 1, None, "fragment"), (1, 2, "a", "text")]),
        ((b"\x95", b"\x88", b"x"), _TWO_BROKEN_BYTES),
        ((b"\xec", b"\x95"), [(0, 2, None, "fragment")]),
        ((b"a\xec", b"\x95\x88"), [(0, 2, "a안", "text")]),
        ((b"\xed", b"\xa0", b"a"), [(0, 2, None, "fragment"), (2, 3, "a", "text")]),
        ((b"\xc0", b"\xff", b"x"), _TWO_BROKEN_BYTES),
        ((), []),
    ],
)
def test_what_cannot_become_a_character_is_a_fragment(contents, expected):
    assert shape(*contents) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xeb\x85", "‹EB 85 ··›"),
        (b"\xec", "‹EC ·· ··›"),
        (b"\xf0\x9f", "‹F0 9F ·· ··›"),
        (b"\x88", "‹·· 88›"),
        (b" \xec\x95", "␣‹EC 95 ··›"),
        (b"\xff", "‹FF›"),
        (b"\xed\xa0\x80", "‹ED A0 80›"),
        (b"\x88, \xec", "‹·· 88›,␣‹EC ·· ··›"),
        ("안\n".encode(), "안\\n"),
        ("\ufffd".encode(), "\ufffd"),
    ],
)
def test_a_piece_of_a_character_is_shown_by_its_bytes_and_what_it_lacks(content, expected):
    assert label(content) == expected


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        (b"\xeb\x85", ("녀", "녿")),
        (b"\xe0", ("\u0800", "\u0fff")),
        (b"\xed", ("\ud000", "\ud7ff")),
        (b"\xf0", ("\U00010000", "\U0003ffff")),
        (b"\xf4", ("\U00100000", "\U0010ffff")),
        (b"\xc3", ("À", "ÿ")),
        (b"\x85", None),
        (b"\xff", None),
        (b"a", None),
        (b"", None),
        ("녀".encode(), None),
    ],
)
def test_a_piece_knows_the_characters_it_may_become(piece, expected):
    assert completions(piece) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("나는", "hangul"),
        (" ㅋㅋ", "hangul"),
        ("\u1112\u1161\u11ab", "hangul"),
        ("the", "latin"),
        (" don't", "latin"),
        ("ÀÉ", "latin"),
        ("漢字", "han"),
        ("ひらカタ", "kana"),
        ("漢かな", "other"),
        ("A가", "other"),
        ("Привет", "other"),
        ("👍", "other"),
        ("12", "digit"),
        ("(1)", "digit"),
        ("v2", "latin"),
        (" +=", "punctuation"),
        ("…。", "punctuation"),
        (" \n\t", "space"),
        ("\x00", "space"),
    ],
)
def test_letters_decide_the_script(text, expected):
    assert script(text.encode()) == expected


def test_bytes_alone_are_fragments_and_nothing_at_all_is_special():
    assert (script(b"\xec"), script(b"a\xec"), script(b"")) == ("fragment", "fragment", "special")


@pytest.mark.parametrize(
    "encoder",
    [
        ByteEncoder(),
        CharacterEncoder.fit(["가 a\n"]),
        BPEEncoder.train(["안녕 안녕 hello hello"], 300),
    ],
    ids=lambda encoder: encoder.kind,
)
def test_a_vocabulary_names_every_id_once_and_never_with_a_replacement_character(encoder):
    found = vocabulary(encoder, encoder.vocab_size + 2)
    n_ids = encoder.vocab_size + 2
    assert len(found.labels) == len(found.scripts) == len(found.contents) == n_ids
    assert found.scripts[encoder.end_id] == "special"
    assert found.labels[-1] == "(no such id)"
    assert not any("\ufffd" in each for each in found.labels)
    assert found.contents[: encoder.vocab_size] == [
        encoder.content(id) for id in range(encoder.vocab_size)
    ]
    assert len(found.labels[: encoder.vocab_size]) == len(set(found.labels[: encoder.vocab_size]))
