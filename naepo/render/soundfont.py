"""Scores through the sampled instruments of a SoundFont, by the program `fluidsynth`."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from naepo.config import UserError
from naepo.encode.files import open_regular, shown
from naepo.encode.music.midi_writing import to_midi
from naepo.encode.music.score import Note, Part, Score, Tempo
from naepo.render.clock import seconds_of, timed
from naepo.render.sound import read_audio
from naepo.render.timbres import Waveform

FOLDERS = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts")
"""Where Linux systems keep SoundFonts."""
PREFERRED = ("default-GM.sf2", "default.sf2", "FluidR3_GM.sf2", "TimGM6mb.sf2")
"""The ones to take first; after them by name."""
PEAK = 0.89
"""The loudest sample of a piece, as in our own synthesizer."""
TAIL_SECONDS = 30.0
"""How much longer than its notes a piece may be heard (reverberation, long releases)."""


def render(score: Score, soundfont: Path | None = None, sample_rate: int = 44_100) -> Waveform:
    """Play a piece by a SoundFont (.sf2, .sf3); give its samples, mono, shape (n_samples,).

    soundfont: a file; None takes one that is installed on this system.
    Raises: UserError when there is no fluidsynth, no SoundFont, or it cannot play.
    """
    program = _program()
    font = _checked(soundfont) if soundfont else _installed()
    if not 8_000 <= sample_rate <= 96_000:
        raise UserError(f"fluidsynth plays 8,000 to 96,000 samples a second, got {sample_rate:,}")
    seconds = seconds_of(score)
    if not score.notes:
        return np.zeros(round(seconds * sample_rate), dtype=np.float32)
    with tempfile.TemporaryDirectory(prefix="naepo-") as folder:
        midi, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        midi.write_bytes(to_midi(timed(score)))
        command = [program, "-ni", "-q", "-r", str(sample_rate), "-F", str(sound), str(font)]
        said = _run([*command, str(midi)], max_seconds=60 + seconds)
        # It then plays by another SoundFont, if the system has one, and calls that success.
        if "Failed to load" in said or not sound.is_file():
            raise UserError(
                f"fluidsynth cannot play by {shown(font)}", hint="the file is damaged or cut short"
            )
        samples, _ = read_audio(sound, max_seconds=seconds + TAIL_SECONDS)
    loudest = np.abs(samples).max(initial=0.0)
    return samples * np.float32(PEAK / loudest) if loudest > 0 else samples


def check(soundfont: Path) -> None:
    """Find out whether a SoundFont can be played here, by a short note. Raises: UserError."""
    note = Score(1, (Part(),), (Note(0, 0, 60, 1),), tempos=(Tempo(0, 960.0),))
    render(note, soundfont, sample_rate=8_000)


def _program() -> str:
    program = shutil.which("fluidsynth")
    if program is None:
        raise UserError(
            "fluidsynth is not installed, and without it no SoundFont can be played",
            hint="`apt install fluidsynth` or `brew install fluid-synth`; "
            "naepo's own instruments need nothing",
        )
    return program


def _installed() -> Path:
    for folder in map(Path, FOLDERS):
        found = {path.name: path for path in sorted(folder.glob("*.sf[23]")) if path.is_file()}
        for name in (*PREFERRED, *found):
            if name in found:
                return found[name]
    raise UserError(
        "no SoundFont is installed here",
        hint="`apt install timgm6mb-soundfont`, or name a .sf2 file of your own",
    )


def _checked(path: Path) -> Path:
    """Give the full path of a SoundFont, after a look at its first bytes."""
    try:
        with open_regular(path) as file:
            beginning = file.read(12)
    except OSError as error:
        raise UserError(f"cannot read {shown(path)}: {error.strerror}") from None
    if beginning[:4] != b"RIFF" or beginning[8:] != b"sfbk":
        raise UserError(f"{shown(path)} is no SoundFont", hint="expected an .sf2 or .sf3 file")
    return path.resolve()


def _run(command: list[str], max_seconds: float) -> str:
    """Run it, and give what it said. Raises: UserError when it fails, or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=max_seconds, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"fluidsynth took more than {max_seconds:,.0f} seconds", hint="try a smaller SoundFont"
        ) from None
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise UserError(f"fluidsynth failed: {reason[0]}")
    return done.stderr
