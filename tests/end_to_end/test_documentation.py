"""What the pages say can be typed, works when it is typed; every setting is explained."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from naepo.config import field_docs, field_types
from naepo.encode import DataSettings
from naepo.encode.music.score import Meter, Note, Part, Score
from naepo.encode.music.writing import write_midi
from naepo.model import ModelSettings, PartSettings
from naepo.model.sibling_settings import (
    CnnSettings,
    MinGruSettings,
    RnnParts,
    RnnSettings,
    SiblingParts,
)
from naepo.train.settings import OptimizerSettings, ScheduleSettings, TrainSettings
from tests.end_to_end.test_interruption import start, wait_for_step

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs/guides").glob("*.md"))]
SETTINGS = (
    DataSettings, ModelSettings, PartSettings, TrainSettings, OptimizerSettings, ScheduleSettings,
    RnnSettings, RnnParts, MinGruSettings, CnnSettings, SiblingParts,
)  # fmt: skip


def commands(page: Path) -> list[str]:
    """Give the lines in a page's code blocks that call naepo, without their remarks."""
    blocks = re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.startswith("naepo ")]


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder with the files that the pages speak of, as the current one."""
    korean = "나는 어제 학교에 갔다. 오늘은 집에 있다.\n" * 80
    for name in (
        "notes/a.txt",
        "notes/b.txt",
        "more/c.md",
        "diary.txt",
        "held-out.txt",
        "book.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        said = f"{name}: Q: what did I do? held-out\n{korean}"
        (tmp_path / name).write_text(said, encoding="utf-8")
    music(tmp_path)
    rows = "".join(
        f"{n},오늘은 {n}번 {'웃었다' if n % 2 else '울었다'}.,{n % 2}\n" for n in range(300)
    )
    (tmp_path / "reviews.csv").write_text("id,document,label\n" + rows, encoding="utf-8")
    (tmp_path / "new.csv").write_text("id,document\n1,내일은 웃었다.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def music(folder: Path) -> None:
    """Lay out the pieces that the pages speak of: a folder, a theme, a melody, one to be mended."""
    parts = tuple(Part(name) for name in ("Soprano", "Alto", "Tenor", "Bass"))
    chords = ((72, 67, 64, 48), (71, 67, 62, 55), (72, 69, 65, 53), (74, 67, 59, 55))

    def piece(n_bars: int, n_voices: int, shift: int) -> Score:
        notes = [
            Note(quarter, voice, chords[quarter * (shift + 1) % 4][voice] + shift, 1)
            for quarter in range(4 * n_bars)
            for voice in range(n_voices)
        ]
        return Score(1, parts[:n_voices], tuple(notes), meters=(Meter(0, 4, 4),))

    (folder / "my-midis").mkdir()
    for number in range(8):
        write_midi(piece(4, 4, number % 4), folder / f"my-midis/{number}.mid")
    write_midi(piece(2, 4, 0), folder / "theme.mid")
    write_midi(piece(2, 1, 0), folder / "melody.mid")
    write_midi(piece(10, 4, 1), folder / "piece.mid")


def programs(page: Path) -> list[str]:
    """Give the blocks of Python on a page that need a run and nothing that is not installed."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M)
    return [block for block in blocks if "transformers" not in block]


def look(words: list[str]) -> None:
    """Do what a person does with `naepo look` and `learn`: start, open the address, Ctrl-C.

    A browser would not end by itself, so that none is opened and its first request is made here.
    """
    command = [sys.executable, "-m", "naepo", *words]
    command += [] if "--no-browser" in words else ["--no-browser"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url, f"{' '.join(words)} gave no address"
            with urllib.request.urlopen(url, timeout=30) as page:
                assert "<html" in page.read().decode("utf-8")
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)


def stop(folder: Path) -> None:
    """Put a run that was stopped half way in the place of one that is done."""
    shutil.rmtree(folder)
    with start(Path("notes/a.txt"), folder) as process:
        wait_for_step(folder, 5, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_works_in_the_order_of_the_page(page, desk, naepo):
    typed = commands(page)
    needs_a_run = not any(line.startswith("naepo train") for line in typed)
    if typed and needs_a_run:
        typed.insert(0, "naepo train notes/*.txt --minutes 10 --out runs/mine")
    for line in typed:
        if "https://" in line:
            continue
        quick = re.sub(r"--(minutes|tune) \d+", r"--\1 0.05", line)
        words = shlex.split(quick.replace("…", ""))[1:]
        if words[0] == "train" and "--out" not in words:
            words += ["--out", f"runs/{len(list(desk.glob('runs/*')))}"]
        if words[0] == "train" and not {"--minutes", "--steps", "--recipe"} & set(words):
            words += ["--steps", "2"]
        if words[0] in ("look", "learn"):
            for folder in [word for word in words if word.startswith("runs/")]:
                if not (desk / folder).exists():  # somebody else's run, or one of another day
                    assert naepo("train", "notes/a.txt", "--steps", 2, "--out", folder)[0] == 0
            look(words)
            continue
        if words[0] == "resume" and len(words) == 2:  # what finishes a plan
            stop(desk / words[1])
        code, _, err = naepo(*words)
        assert code == 0, f"{line}\n{err}"


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in PAGES if programs(p)], ids=lambda page: page.name)
def test_the_python_on_a_page_runs(page, desk, naepo):
    assert naepo("train", "notes/a.txt", "--steps", 2, "--out", "runs/mine")[0] == 0
    space: dict[str, object] = {}
    for program in programs(page):
        exec(compile(program, str(page), "exec"), space)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda cls: cls.__name__)
def test_every_setting_has_a_docstring_and_stands_in_the_reference(settings):
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    for name in field_types(settings):
        assert field_docs(settings).get(name), f"{settings.__name__}.{name} has no docstring"
        assert f"`{name}`" in page, f"{name}: run python docs/reference/make_settings.py"


def test_the_reference_of_settings_is_the_one_that_the_code_gives():
    from runpy import run_path

    written = run_path(str(ROOT / "docs/reference/make_settings.py"))["page"]()
    assert (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8") == written


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_remarks_stand_two_spaces_apart_from_what_is_typed(page):
    assert not [line for line in commands(page) if " # " in line]


def test_both_front_pages_name_the_same_commands():
    english, korean = (commands(ROOT / name) for name in ("README.md", "README.ko.md"))
    assert english == korean
