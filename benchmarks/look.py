"""How long a person waits on the page: a key press, the first paint, a large model, a large map.

Headless chromium with software rendering, the real server, no hook in the page: `look.js` notes
when a canvas is drawn on or the document changes, and the frame after it.

python -m benchmarks.look            all of it, into results/look.json
python -m benchmarks.look keys       only what is named, printed: keys, paint, large, pan
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.record import NAEPO, ROOT, run, write
from naepo import checkpoint
from naepo.encode import BPEEncoder, Encoder
from naepo.encode.bpe import PRE_TOKENIZER
from naepo.encode.byte_level import byte_symbols, specify_byte_level
from naepo.model import ModelSettings, PartSettings, build

PARTS = ("keys", "paint", "large", "pan")
PRESSES = 50
TOKENS, TOKENS_OF_THE_LARGE = 64, 256
PAINTS = 5
PAN_SECONDS = 4.0
LONGEST = 60_000
"""Milliseconds that anything may take."""
WATCH = Path(__file__).with_suffix(".js")
MOVES = {
    "a linear map": {"view": "op", "op": "blocks.1.attention.to_q"},
    "the attention of a block": {"view": "attention", "op": "blocks.1.attention.weights"},
    "the way to the answer": {"view": "path"},
}
LARGE = ModelSettings(
    vocab_size=50_257,
    context_length=1_024,
    d_model=768,
    n_layers=12,
    n_heads=12,
    n_kv_heads=12,
    d_head=64,
    d_ff=3_072,
    parts=PartSettings(
        norm="layer",
        norm_eps=1e-5,
        position="learned",
        mlp="gelu",
        has_qk_norm=False,
        has_bias=True,
        tie_weights=True,
    ),
)
"""GPT-2, 124M parameters."""


@dataclass(frozen=True)
class Server:
    """A running `naepo look`: its address, its process, and when its process was started."""

    url: str
    pid: int
    began: float
    ready: float

    @property
    def peak_mib(self) -> float:
        """Give the largest memory it has had (VmHWM), in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    @property
    def processor_seconds(self) -> float:
        """Give the processor time it has had, its own and the system's for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """Run `naepo look` on a folder."""
    began = time.time()
    command = [*NAEPO, "look", str(folder), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        if not url:
            sys.exit(f"naepo look {folder} did not start")
        try:
            yield Server(url, process.pid, began, time.time())
        finally:
            process.terminate()


@contextmanager
def opened(browser: Browser, server: Server, **state: Any) -> Iterator[Page]:
    """Open the page in a state, in a browser that has never seen it, and wait until it is drawn."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(LONGEST)
    context.add_init_script(path=WATCH)
    page = context.new_page()
    said = "&".join(f"{key}={quote(str(value), safe='')}" for key, value in state.items())
    page.goto(f"{server.url}#{said}")
    page.locator("naepo-tokens .token").first.wait_for()
    wait(page)
    yield page
    context.close()


def wait(page: Page) -> None:
    """Wait until nothing is asked, drawn or changed any more."""
    page.wait_for_function("() => naepoWatch.isQuiet()", polling=20)


def pressed(page: Page, keys: Sequence[str]) -> list[float]:
    """Press keys, and give for each the milliseconds until its last picture was on the screen."""
    times = []
    for key in keys:
        page.evaluate("() => naepoWatch.reset()")
        page.keyboard.press(key)
        wait(page)
        began, last = page.evaluate("() => [naepoWatch.began, naepoWatch.last]")
        if not last:
            sys.exit(f"nothing was redrawn after {key}")
        times.append(last - began)
    return times


def moving(browser: Browser, server: Server, text: str) -> dict[str, Any]:
    """Measure arrows in three views, and typing in the prompt."""
    there_and_back = ["ArrowLeft"] * (PRESSES // 2) + ["ArrowRight"] * (PRESSES // 2)
    found = {}
    for name, state in MOVES.items():
        with opened(browser, server, text=text, position=TOKENS - 2, **state) as page:
            found[f"an arrow, {name}"] = summary(pressed(page, there_and_back))
    with opened(browser, server, text=text, **MOVES["the attention of a block"]) as page:
        page.keyboard.press("/")
        page.keyboard.press("End")
        typed = [key for _ in range(PRESSES // 2) for key in ("a", "Backspace")]
        found["a letter typed, the model run anew"] = summary(pressed(page, typed))
    return found


def painting(browser: Browser, server: Server, text: str) -> dict[str, Any]:
    """Measure when something and when all is on the screen, from the start of the navigation."""
    first, drawn = [], []
    for _ in range(PAINTS):
        with opened(browser, server, text=text) as page:
            first.append(
                page.evaluate(
                    "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
                )
            )
            drawn.append(page.evaluate("() => naepoWatch.last"))
    return {"first_paint": summary(first), "all_drawn": summary(drawn)}


def opening(browser: Browser, folder: Path, text: str) -> dict[str, Any]:
    """Measure a large model from the start of its process: each stage until the page shows it."""
    with serving(folder) as server, opened(browser, server, text=text, view="attention") as page:
        ends = page.evaluate(
            """() => {
                const answered = (path) => performance.getEntriesByType("resource")
                    .find((each) => each.name.includes(path)).responseEnd;
                const painted = performance.getEntriesByName("first-contentful-paint")[0];
                const ends = {
                    first_paint: painted.startTime,
                    model_open: answered("/look/about"),
                    run_answered: answered("/look/run"),
                    page_drawn: naepoWatch.last,
                };
                const since = ([stage, end]) => [stage, (performance.timeOrigin + end) / 1000];
                return Object.fromEntries(Object.entries(ends).map(since));
            }"""
        )
        stages = {"address_said": server.ready} | ends
        seconds = {f"{stage}_seconds": end - server.began for stage, end in stages.items()}
        return seconds | {
            "processor_seconds": server.processor_seconds,
            "peak_mib": server.peak_mib,
        }


def panning(browser: Browser, folder: Path) -> dict[str, Any]:
    """Drag the map of 50,257 ids about with the mouse, and count frames."""
    with serving(folder) as server, opened(browser, server, text="a", view="map") as page:
        points = page.locator("naepo-points canvas").first
        points.wait_for()
        wait(page)
        box = points.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        drawn = "() => document.querySelector('naepo-points').frames"
        before = page.evaluate(drawn)
        page.evaluate("() => naepoWatch.start()")
        began, moves = time.perf_counter(), 0
        while time.perf_counter() - began < PAN_SECONDS:
            moves += 1
            page.mouse.move(x + 150 * ((moves % 80) / 40 - 1), y + 2 * (moves % 50))
        times = page.evaluate("() => naepoWatch.stop()")
        frames = page.evaluate(drawn) - before
        page.mouse.up()
        seconds = sum(times) / 1000
        return {
            "points": LARGE.vocab_size,
            "frames_a_second": len(times) / seconds,
            "pictures_drawn_a_second": frames / seconds,
            "frame_milliseconds": summary(times),
        }


def summary(times: Sequence[float]) -> dict[str, float]:
    """Give median, 95th percentile, largest and number of milliseconds."""
    ordered = sorted(times)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
        "largest": ordered[-1],
        "n": len(ordered),
    }


def demo() -> Path:
    """Give the model of `make demo`, trained by the same command if it is not there."""
    folder = ROOT / "runs/demo"
    if not folder.is_dir():
        run([*NAEPO, "train", "python-docs", "--minutes", 2, "--out", folder])
    return folder


def large(home: Path) -> tuple[Path, Encoder]:
    """Write a GPT-2 of 124M random parameters as a Hugging Face folder; its merges are invented."""
    symbols = byte_symbols()
    pairs = [(left, right) for left in symbols for right in symbols]
    encoder = BPEEncoder(
        specify_byte_level(pairs[: LARGE.vocab_size - len(symbols) - 1], PRE_TOKENIZER)
    )
    own = checkpoint.save(
        home / "own", 0, model=build(LARGE), encoder=encoder, settings={}, metrics={}, state=None
    )
    folder = home / "gpt2"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        shutil.move(own / name, folder / name)
    return folder, encoder


def of_length(encoder: Encoder, n_tokens: int) -> str:
    """Give English text of so many tokens."""
    words = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split()
    for n in range(1, len(words)):
        if len(encoder.encode(" ".join(words[:n]))) > n_tokens:
            return " ".join(words[: n - 1])
    sys.exit("too short a text")


def of_the_demo(browser: Browser, wanted: Sequence[str]) -> dict[str, Any]:
    """Measure key presses and paints on the demo's model."""
    loaded = checkpoint.load(demo())
    text = of_length(loaded.encoder, TOKENS - 1)
    found: dict[str, Any] = {
        "demo_model": vars(loaded.model.settings) | {"parts": None},
        "tokens": TOKENS,
    }
    with serving(demo()) as server:
        if "keys" in wanted:
            found["key_press_to_redrawn_milliseconds"] = moving(browser, server, text)
        if "paint" in wanted:
            found["milliseconds_from_navigation"] = painting(browser, server, text)
    return found


def of_the_large(browser: Browser, wanted: Sequence[str]) -> dict[str, Any]:
    """Measure the opening and the panning of a model of 124M parameters."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as home:
        folder, encoder = large(Path(home))
        text = of_length(encoder, TOKENS_OF_THE_LARGE)
        if "large" in wanted:
            opened_thrice = [opening(browser, folder, text) for _ in range(3)]
            found["opening_124m_at_256_tokens"] = opened_thrice
        if "pan" in wanted:
            found["panning"] = panning(browser, folder)
    return found


def main() -> None:
    """Measure all and write results/look.json, or print what is named."""
    wanted = sys.argv[1:] or list(PARTS)
    if not set(wanted) <= set(PARTS):
        sys.exit(f"name some of {', '.join(PARTS)}")
    os.environ["OMP_NUM_THREADS"] = str(os.cpu_count() or 1)
    torch.manual_seed(0)
    executable = shutil.which("chromium")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        result = {"browser": f"chromium {browser.version}, headless, software rendering"}
        if {"keys", "paint"} & set(wanted):
            result |= of_the_demo(browser, wanted)
        if {"large", "pan"} & set(wanted):
            result |= of_the_large(browser, wanted)
        browser.close()
    if len(wanted) == len(PARTS):
        write("look", "how long a person waits on the page", result)
    else:
        print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
