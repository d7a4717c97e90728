import base64
import hashlib
import re
import unicodedata
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.train.floors import Floor, Floors
from naepo.train.readable import visible
from naepo.train.report import write_report
from naepo.train.report.measured import Measured
from naepo.train.report.samples import samples_section

VOID = {"meta", "br"}
NASTY = (
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;\x00\x1b[31m\u202e\ud800"
)

FLOORS = Floors(
    unigram=Floor("unigram", 3.35, 4.83),
    order_5=Floor("order-5 n-gram", 1.70, 2.45),
    compression=(Floor("bz2", 1.66, 2.40),),
    note="counted in the last 20 of 30 training characters",
)
SETTINGS = {
    "data": {"sources": ["notes/a.txt", "notes/b.txt"], "held_out": 0.1},
    "model": {"n_layers": 4, "n_heads": 2, "d_model": 128, "context_length": 64},
    "train": {"steps": 100, "optimizer": {"kind": "muon", "clip": None}},
    "plan": {"reasons": ["because"], "machine": {"cores": 987654}, "corpus": "86c4e6aa"},
}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            return
        self.text.append(data)
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).split())


def metrics(n_steps: int = 100, last: float = 1.5) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"kind": "note", "text": "no compiler"}]
    for step in range(1, n_steps + 1):
        loss = last + 3 / step
        rows.append(
            {"kind": "step", "step": step, "loss": loss, "lr": 0.01, "grad_norm": 1 / step}
            | {"tokens": step * 64, "seconds": step / 2, "tokens_per_second": 128}
        )
        if step % 50 == 0:
            figures = {"nats_per_character": loss, "nats_per_token": loss, "bits_per_byte": 2.2}
            rows.append({"kind": "validation", "step": step, "perplexity": 4.4, **figures})
            rows.append({"kind": "sample", "step": step, "text": f"it wrote {step}"})
    return rows


def write(folder: Path, **over: Any) -> str:
    given: dict[str, Any] = {
        "settings": SETTINGS,
        "plan_reasons": ["because"],
        "floors": FLOORS,
        "machine": {"processor": "abacus", "cores": 2},
        "metrics": metrics(),
        **over,
    }
    return write_report(folder, **given).read_text(encoding="utf-8")


def test_the_title_says_that_it_beats_counting(tmp_path: Path):
    words = Page(write(tmp_path)).words
    assert "Beats counting: 1.53 against 1.70 nats per character" in words
    assert "A GPT of 4 layers, 2 heads, width 128, a context of 64 tokens" in words
    assert "trained on notes/a.txt, notes/b.txt" in words


def test_the_title_says_that_it_does_not_beat_counting(tmp_path: Path):
    words = Page(write(tmp_path, metrics=metrics(last=1.8))).words
    assert "Does NOT beat counting: 1.83 against 1.70 nats per character" in words


def test_everything_asked_of_a_report_is_in_it(tmp_path: Path):
    words = Page(write(tmp_path)).words
    for part in ("Loss", "Learning rate", "Gradient norm", "Pace", "it wrote 50", "it wrote 100"):
        assert part in words
    for part in ("because", "abacus", "no compiler", "86c4e6aa", "order-5 n-gram 1.70", "bz2"):
        assert part in words
    for part in ("naepo generate", "naepo resume", "손실", "학습률", "바닥값", FLOORS.note):
        assert part in words
    assert "987654" not in words  # the machine of the plan is not the machine of the run


def test_nothing_is_loaded_from_anywhere(tmp_path: Path):
    html = write(tmp_path)
    for way in ("http:", "https:", "//", "src=", "href=", "@import", "url(", "Math.random"):
        assert way not in html


def test_it_reads_without_its_script(tmp_path: Path):
    html = write(tmp_path)
    page = Page(html)
    assert html.count("<script>") == 1
    assert html.index("<script>") > html.index("How it was set")
    assert not [name for name, _ in page.attributes if name.startswith("on")]


def test_only_its_own_script_may_run(tmp_path: Path):
    html = write(tmp_path)
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html


def test_no_text_can_break_out_of_the_page(tmp_path: Path):
    rows = metrics()
    rows += [{"kind": "sample", "step": 100, "text": NASTY}, {"kind": "note", "text": NASTY}]
    nasty_floors = Floors(FLOORS.unigram, Floor(NASTY, 1.7, 2.4), (), NASTY)
    clean = Page(write(tmp_path))
    run = tmp_path / "a<b>&'\"c"
    run.mkdir()
    html = write(
        run,
        metrics=rows,
        floors=nasty_floors,
        plan_reasons=[NASTY],
        machine={NASTY: NASTY},
        settings={"data": {"sources": [NASTY]}, NASTY: {NASTY: [NASTY]}},
    )
    page = Page(html)
    assert set(page.seen) <= set(clean.seen)
    assert page.seen.count("script") == 1
    assert visible(NASTY) in "".join(page.text)
    assert not [c for c in html if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"]


@settings(max_examples=40)
@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_a_sample_of_any_text_stands_in_the_page_as_signs(text: str):
    rows = [{"kind": "sample", "step": 1, "text": text}]
    page = Page(samples_section(Measured.of(rows)))
    assert visible(text) in "".join(page.text)
    assert set(page.seen) == {"h2", "span", "div", "br", "small", "pre"}


def test_the_table_behind_a_picture_holds_its_numbers(tmp_path: Path):
    rows = Page(write(tmp_path, metrics=metrics(n_steps=60))).rows
    head = rows.index(["step", "training", "validation"])
    assert rows[head + 1] == ["1", "4.5", ""]
    assert [row[2] for row in rows[head + 1 :] if row[0] == "50" and len(row) == 3] == ["1.56"]


def test_a_token_of_many_characters_scales_the_training_curve(tmp_path: Path):
    rows = metrics()
    for row in rows:
        if row["kind"] == "validation":
            row["nats_per_token"] = 4 * row["nats_per_character"]
    page = Page(write(tmp_path, metrics=rows))
    assert "divided by 4.00 characters a token" in page.words
    assert ["1", "1.125", ""] in page.rows


def test_the_best_look_is_named_when_it_is_not_the_last(tmp_path: Path):
    rows = metrics()
    worse = {"nats_per_token": 1.6, "nats_per_character": 1.6, "bits_per_byte": 2.3}
    rows.append({"kind": "validation", "step": 101, "perplexity": 5.0, **worse})
    words = Page(write(tmp_path, metrics=rows)).words
    assert "Beats counting: 1.60 against" in words
    assert "The best of 3 looks was 1.53 nats per character at step 100" in words
    assert "The best of" not in Page(write(tmp_path)).words


def test_the_time_of_a_resumed_run_is_the_sum_of_its_stretches(tmp_path: Path):
    rows = [
        {"kind": "step", "step": step, "seconds": seconds}
        for step, seconds in enumerate([10.0, 60.0, 5.0, 30.0])
    ]
    assert "1 min 30 s" in Page(write(tmp_path, metrics=rows)).words


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"kind": "note", "text": "begun"}],
        [{"kind": "sample", "step": 0, "text": ""}],
        [{"kind": "step", "step": 1, "loss": 4.1, "lr": 0.0, "grad_norm": 0.0}],
        [{"kind": "step", "step": 1, "loss": None, "lr": 0.0, "grad_norm": None}],
        [{"kind": "step", "step": step, "loss": 0.0, "lr": 0.0} for step in (1, 2, 3)],
        [{"kind": "validation", "step": 7, "nats_per_character": None}],
        [{"kind": "validation", "step": 7, "nats_per_character": 1.0, "nats_per_token": 1.0}],
        [{"kind": "something new", "step": 1}],
    ],
)
@pytest.mark.parametrize("floors", [None, FLOORS])
def test_a_run_that_has_hardly_begun_has_a_report(
    tmp_path: Path, rows: list[dict[str, Any]], floors: Floors | None
):
    html = write(tmp_path, metrics=rows, floors=floors, settings={}, plan_reasons=[], machine={})
    Page(html)
    assert "nan" not in html.lower()


def test_a_long_run_has_a_small_page(tmp_path: Path):
    assert len(write(tmp_path, metrics=metrics(n_steps=5_000)).encode()) < 100_000


def test_many_samples_are_folded_away(tmp_path: Path):
    rows = [{"kind": "sample", "step": step, "text": f"<{step}>"} for step in range(20)]
    html = write(tmp_path, metrics=rows)
    shown, folded = html.split("14 more, in between")
    assert "&lt;0&gt;" in shown
    assert "&lt;19&gt;" in shown
    assert "&lt;1&gt;" in folded


def test_a_path_with_spaces_can_be_typed_as_it_stands(tmp_path: Path):
    run = tmp_path / "my run"
    run.mkdir()
    assert f"naepo describe '{run}'" in Page(write(run)).words


def test_a_report_replaces_the_last_one_whole(tmp_path: Path):
    write(tmp_path)
    assert "does" not in write(tmp_path, metrics=[])
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = write(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        write(tmp_path, metrics=[])
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == before
