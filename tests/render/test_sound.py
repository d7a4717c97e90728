"""Samples into files and out of them."""

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from naepo.config import UserError
from naepo.render.sound import read_audio, resample, write_wav

soundfile = pytest.importorskip("soundfile")
RATE = 8_000


def sine(hz: float, rate: int = RATE, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def test_what_was_written_is_read_again_to_the_last_of_16_bits(tmp_path: Path) -> None:
    samples = 0.9 * sine(440)
    write_wav(tmp_path / "a.wav", samples, RATE)
    again, rate = read_audio(tmp_path / "a.wav")
    assert (again.dtype, again.shape, rate) == (np.float32, samples.shape, RATE)
    assert np.abs(again - samples).max() < 2 / 32_768
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:4] == (1, 2, RATE, RATE)


def test_samples_that_are_too_loud_are_clipped_and_never_wrap(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([2.0, -2.0, 1.0]), RATE)
    again, _ = read_audio(tmp_path / "a.wav")
    assert again.round(3).tolist() == [1, -1, 1]


def test_an_empty_sound_is_a_file_too(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(0, dtype=np.float32), RATE)
    assert read_audio(tmp_path / "a.wav")[0].shape == (0,)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_not_written(tmp_path: Path, bad: float) -> None:
    with pytest.raises(UserError, match="NaN or infinity"):
        write_wav(tmp_path / "a.wav", np.array([0.0, bad]), RATE)
    assert list(tmp_path.iterdir()) == []


def test_when_writing_fails_the_old_file_stays_and_nothing_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wav(tmp_path / "a.wav", sine(440), RATE)
    before = (tmp_path / "a.wav").read_bytes()

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wave.Wave_write, "writeframes", full)
    with pytest.raises(UserError, match="No space left"):
        write_wav(tmp_path / "a.wav", sine(880), RATE)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == before


def test_a_file_is_not_written_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"):
        write_wav(tmp_path / "none" / "a.wav", sine(440), RATE)
    with pytest.raises(UserError, match="is a folder"):
        write_wav(tmp_path, sine(440), RATE)


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3"])
def test_stereo_in_any_packing_is_read_as_the_mean_of_its_channels(
    tmp_path: Path, kind: str
) -> None:
    both = np.stack([0.8 * sine(440, 22_050), np.zeros(22_050)], axis=1)
    soundfile.write(tmp_path / f"a.{kind}", both, 22_050)
    samples, rate = read_audio(tmp_path / f"a.{kind}")
    strength = np.abs(np.fft.rfft(samples[:22_050]))
    assert rate == 22_050
    assert strength.argmax() == pytest.approx(440, abs=1)
    assert np.abs(samples[2000:20_000]).max() == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not a sound at all", b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0"]
)
@pytest.mark.parametrize("name", ["a.wav", "a.raw", "a.mp3"])
def test_a_file_that_is_no_sound_is_refused_by_name(
    tmp_path: Path, content: bytes, name: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=name):
        read_audio(tmp_path / name)


def test_a_file_cut_short_gives_what_it_holds_or_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(440), RATE)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    samples, _ = read_audio(tmp_path / "a.wav")
    assert samples.size <= RATE


def test_a_missing_file_a_folder_and_a_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for name, reason in [("none.wav", "No such file"), ("", "a folder"), ("pipe.wav", "a pipe")]:
        with pytest.raises(UserError, match=reason):
            read_audio(tmp_path / name)


def test_a_sound_longer_than_asked_is_refused_before_it_is_kept(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", sine(440, seconds=3), RATE)
    assert read_audio(tmp_path / "a.wav", max_seconds=3.0)[0].size == 3 * RATE
    with pytest.raises(UserError, match="more than 2 seconds"):
        read_audio(tmp_path / "a.wav", max_seconds=2.0)


def test_samples_that_are_no_numbers_are_refused_when_read(tmp_path: Path) -> None:
    samples = np.array([0, np.nan, 0], dtype=np.float32)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(UserError, match="NaN"):
        read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize(("old", "new"), [(8_000, 4_000), (4_410, 4_800), (8_000, 22_050)])
def test_a_sine_at_another_rate_is_the_same_sine(old: int, new: int) -> None:
    moved = resample(sine(300, old, 2), old, new)
    assert moved.shape == (2 * new,)
    middle = slice(new // 10, -new // 10)
    assert np.abs(moved - sine(300, new, 2))[middle].max() < 1e-4


def test_resampling_takes_out_what_the_new_rate_cannot_hold() -> None:
    moved = resample(sine(3_000, 8_000, 2), 8_000, 4_000)
    assert np.abs(moved[400:-400]).max() < 1e-4


def test_resampling_keeps_every_sine_of_a_mixture_where_it_was() -> None:
    """A sum of sines of any phase at 44,100, against the same sum written down at 48,000."""
    rng = np.random.default_rng(0)
    hz, phase = rng.uniform(50, 15_000, 40), rng.uniform(0, 6.28, 40)

    def mixture(rate: int) -> np.ndarray:
        seconds = np.arange(rate // 4) / rate
        return np.sin(2 * np.pi * np.outer(seconds, hz) + phase).mean(axis=1).astype(np.float32)

    moved = resample(mixture(44_100), 44_100, 48_000)
    assert np.abs(moved - mixture(48_000))[500:-500].max() < 1e-4


def test_blocks_of_a_long_sound_join_without_a_seam() -> None:
    long = sine(300, 8_000, 20)
    moved = resample(long, 8_000, 6_000)
    assert np.abs(moved - sine(300, 6_000, 20))[600:-600].max() < 1e-4


def test_short_sounds_and_no_sound_are_resampled_too() -> None:
    assert resample(np.zeros(0, dtype=np.float32), 8_000, 4_000).shape == (0,)
    assert resample(np.ones(3, dtype=np.float32), 8_000, 4_000).shape == (2,)
    assert resample(np.ones(3, dtype=np.float32), 8_000, 8_000).tolist() == [1, 1, 1]
