"""Views keep the piece and change what does not matter: where, which key, how fast."""

from fractions import Fraction

import numpy as np
import pytest

from naepo.config import UserError
from naepo.embed.views import Views, retimed
from naepo.encode import CharacterEncoder
from naepo.encode.music.encoder import MusicEncoder
from naepo.encode.music.score import Note, Part, Score
from tests.embed.melodies import MelodyEncoder, melody


def intervals(encoder, ids):
    pitches = [sounding.pitch for sounding in encoder.soundings(ids) if sounding]
    return np.diff(pitches)


def test_a_view_is_a_stretch_of_the_piece_in_another_key_and_begins_where_a_line_does():
    encoder = MelodyEncoder()
    assert isinstance(encoder, MusicEncoder)
    ids = encoder.encode(encoder.write(melody(1)))
    views = Views(encoder, [ids, ids], length=12)
    whole = intervals(encoder, ids.tolist())
    lines = {0, *(np.flatnonzero([c.endswith("\n") for c in map_contents(encoder, ids)]) + 1)}
    seen = set()
    for seed in range(30):
        view = views.draw(0, np.random.default_rng(seed))
        found = intervals(encoder, view.tolist())
        places = [n for n in range(len(whole)) if np.array_equal(whole[n : n + len(found)], found)]
        assert len(view) == 12 and places
        assert lines & {n for n in range(len(ids)) if same_shape(encoder, ids[n : n + 12], view)}
        seen.add(encoder.soundings(view.tolist())[0].pitch)
    assert len(seen) > 6


def test_of_a_pair_one_view_is_a_part_of_the_other():
    encoder = MelodyEncoder()
    ids = encoder.encode(encoder.write(melody(1)))
    views = Views(encoder, [ids, ids], length=20)
    is_first_longer = set()
    for seed in range(20):
        pair = views.draw_pair(0, np.random.default_rng(seed))
        part, whole = sorted(pair, key=len)
        assert 8 <= len(part) <= len(whole) == 20
        spans = [whole[n : n + len(part)] for n in range(21 - len(part))]
        assert any(same_shape(encoder, span, part) for span in spans)
        is_first_longer.add(len(pair[0]) > len(pair[1]))
    assert is_first_longer == {True, False}


def map_contents(encoder, ids):
    return [encoder.contents[id] for id in ids]


def same_shape(encoder, one, other):
    def shape(ids):
        return [content.strip("0123456789") for content in map_contents(encoder, ids)]

    return len(one) == len(other) and shape(one) == shape(other)


def test_the_same_generator_draws_the_same_views():
    encoder = MelodyEncoder()
    views = Views(encoder, [melody(1), melody(2)], length=20)
    for seed in range(5):
        one, other = (views.draw(1, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(one, other)


def test_on_a_coarse_grid_a_piece_is_halved_or_doubled_only_where_the_grid_holds_it():
    encoder = MelodyEncoder(ticks_per_quarter=2)
    whole = Score(1, (Part(),), tuple(Note(n, 0, 60, 1) for n in range(8)))
    fine = Score(2, (Part(),), tuple(Note(n, 0, 60, 1) for n in range(16)))
    lengths = {
        name: {
            len(Views(encoder, [score] * 2, length=99).draw(0, np.random.default_rng(seed)))
            for seed in range(20)
        }
        for name, score in (("whole", whole), ("fine", fine))
    }
    assert lengths == {"whole": {8, 16, 32}, "fine": {16, 32}}


def test_on_a_fine_grid_a_piece_is_made_up_to_a_quarter_slower_and_a_fifth_faster():
    encoder = MelodyEncoder(ticks_per_quarter=20)
    score = Score(1, (Part(),), (Note(0, 0, 60, 1), Note(1, 0, 62, 1)))
    views = Views(encoder, [score] * 2, length=99)
    lengths = {len(views.draw(0, np.random.default_rng(seed))) for seed in range(60)}
    assert lengths == {32, 36, 40, 44, 50}


def test_retiming_is_exact_and_undone_by_its_inverse():
    score = melody(3)
    there = retimed(score, Fraction(5, 4))
    assert Fraction(there.end, there.ticks_per_quarter) == Fraction(score.end, 2) * Fraction(5, 4)
    assert retimed(there, Fraction(4, 5)).simplified() == score.simplified()


def test_text_is_only_cut():
    encoder = CharacterEncoder.fit(["abc\n"])
    text = "abc\nbca\ncab\n" * 4
    views = Views(encoder, [encoder.encode(text)] * 2, length=7)
    for seed in range(10):
        view = encoder.decode(views.draw(0, np.random.default_rng(seed)))
        assert text.startswith(view) or "\n" + view in text


def test_one_piece_alone_cannot_be_told_from_another():
    with pytest.raises(UserError, match="at least 2 pieces"):
        Views(MelodyEncoder(), [melody(0)], length=10)


def test_a_piece_that_the_encoder_cannot_write_is_refused_by_its_number():
    high = Score(1, (Part(),), (Note(0, 0, 120, 1),))
    with pytest.raises(UserError, match="cannot hold piece 2"):
        Views(MelodyEncoder(), [melody(0), high], length=10).draw(1, np.random.default_rng(0))
