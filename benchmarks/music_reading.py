"""Files of music read and encoded a second: ours beside symusic, pretty_midi, miditok and music21.

python -m benchmarks.music_reading: the 100 MIDI files of js-fakes, and Bach's chorales in MusicXML
(every eighth; music21 reads every sixteenth, and every tenth MIDI file). All are used plainly, as
their first page shows. Three repetitions, in which they take turns, so that a busy moment meets
all. What one process does is told in milliseconds of CPU a file too, which other programs disturb
less.
"""

import os
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.record import data, spread, write
from naepo.encode.music.bach import chorale_files
from naepo.encode.music.events import EventEncoder
from naepo.encode.music.library import Broken, read_all
from naepo.encode.music.reading import read_score

REPETITIONS = 3
Reader = Callable[[Path], object]


def main() -> None:
    """Measure all, and write results/music_reading.json."""
    warnings.simplefilter("ignore")
    midi = sorted(data("music/js-fakes-midi").glob("*.mid"))
    chorales = chorale_files()
    write(
        "music_reading",
        "files of music read and encoded a second, ours and other libraries used plainly",
        {
            "files": {"midi": len(midi), "musicxml": len(chorales)},
            "load_of_the_machine": os.getloadavg(),
            "midi_read": _compare(
                {
                    "ours": (read_score, midi),
                    "symusic": (_symusic(), midi),
                    "pretty_midi": (_pretty_midi(), midi),
                    "music21": (_music21(), midi[::10]),
                }
            ),
            "midi_read_and_encoded_as_remi": _compare(
                {"ours": (_our_remi(midi), midi), "miditok": (_miditok(), midi)}
            ),
            "musicxml_read": _compare(
                {"ours": (read_score, chorales[::8]), "music21": (_music21(), chorales[::16])}
            ),
            "all_chorales_by_read_all": _library(chorales),
            "all_midi_by_read_all": _library(midi),
        },
    )


def _compare(readers: dict[str, tuple[Reader, Sequence[Path]]]) -> dict[str, Any]:
    """Let each read its files, in turns; the first file before, which pays for what is imported."""
    found: dict[str, Any] = {
        name: {"n_files": len(paths), "files_per_second": [], "cpu_milliseconds_per_file": []}
        for name, (_, paths) in readers.items()
    }
    for read, paths in readers.values():
        read(paths[0])
    for _ in range(REPETITIONS):
        for name, (read, paths) in readers.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            for path in paths:
                read(path)
            seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
            found[name]["files_per_second"].append(len(paths) / seconds)
            found[name]["cpu_milliseconds_per_file"].append(1000 * cpu / len(paths))
    return {
        name: {k: spread(v) if isinstance(v, list) else v for k, v in figures.items()}
        for name, figures in found.items()
    }


def _library(paths: list[Path]) -> dict[str, Any]:
    """Time `read_all` with an empty cache (processes started, answers kept), then with a full one.

    seconds: by the clock.  cpu_seconds: of this process and those that read, together.
    """
    cores = len(os.sched_getaffinity(0))
    found: dict[str, Any] = {"n_files": len(paths), "workers": cores}
    figures: dict[str, list[float]] = {
        f"{unit}_{when}": [] for when in ("once", "after") for unit in ("seconds", "cpu_seconds")
    }
    for _ in range(REPETITIONS):
        with tempfile.TemporaryDirectory() as cache:
            for when in ("once", "after"):
                began, began_cpu = time.perf_counter(), _cpu()
                scores = list(read_all(paths, cache=Path(cache)))
                figures[f"seconds_{when}"].append(time.perf_counter() - began)
                figures[f"cpu_seconds_{when}"].append(_cpu() - began_cpu)
                assert len(scores) == len(paths)
                assert not any(isinstance(score, Broken) for score in scores)
    return found | {name: spread(values) for name, values in figures.items()}


def _cpu() -> float:
    """Give the seconds of CPU that this process and its children that have ended took."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in map(resource.getrusage, who))


def _symusic() -> Reader:
    import symusic

    return symusic.Score


def _pretty_midi() -> Reader:
    import pretty_midi  # pyright: ignore[reportMissingImports]

    return lambda path: pretty_midi.PrettyMIDI(str(path))


def _music21() -> Reader:
    from music21 import converter

    # It keeps what it has parsed in a cache of its own, which is not what is asked for here.
    return lambda path: converter.parse(path, forceSource=True)


def _miditok() -> Reader:
    from miditok import REMI

    return REMI()


def _our_remi(paths: list[Path]) -> Reader:
    encoder = EventEncoder.fit("remi", map(read_score, paths))
    return lambda path: encoder.encode(encoder.write(read_score(path)))


if __name__ == "__main__":
    main()
