"""Music that is compared as sound is played as its file means it."""

import pytest

from naepo.cli.hearing import sounds
from naepo.encode.music.reading import read_score
from naepo.encode.music.writing import write_midi
from tests.embed.melodies import melody

RATE = 8_000


def test_a_midi_file_that_says_no_tempo_is_played_at_120_quarters_a_minute(tmp_path):
    path = tmp_path / "theme.mid"
    write_midi(melody(1, 24), path)
    score = read_score(path)
    assert not score.tempos
    ((_, [(samples, rate)]),) = list(sounds([path], on_unread=pytest.fail, sample_rate=RATE))
    seconds = score.end / score.ticks_per_quarter * 60 / 120
    assert len(samples) / rate == pytest.approx(seconds, abs=1)
    assert seconds * 120 / 96 > seconds + 1
