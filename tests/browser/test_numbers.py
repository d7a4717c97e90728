"""Every number on the page is the model's own, and what the page says of them is true."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from einops import rearrange

from naepo.look import Trace
from tests.browser.conftest import Truth
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
TEXTS = {"korean": "나는 어제 학교에 갔다", "gpt2": "The cat sat on the mat"}
OPS = {
    "korean": [
        "embedding",
        "residual",
        "blocks.1.norm_1",
        "blocks.1.attention.to_q",
        "blocks.1.attention.to_k",
        "blocks.1.attention.q_norm",
        "blocks.1.attention.q",
        "blocks.1.attention.v",
        "blocks.1.attention.scores",
        "blocks.1.attention.masked",
        "blocks.1.attention.weights",
        "blocks.1.attention.mixed",
        "blocks.1.attention.to_out",
        "blocks.1.residual_1",
        "blocks.1.mlp.gate",
        "blocks.1.mlp.activation",
        "blocks.1.mlp.down",
        "blocks.2.residual_2",
        "norm",
        "output",
    ],
    "gpt2": [
        "embedding",
        "position",
        "residual",
        "blocks.0.norm_1",
        "blocks.0.attention.to_v",
        "blocks.0.attention.k",
        "blocks.0.mlp.up",
        "blocks.0.mlp.activation",
        "norm",
        "output",
    ],
}
"""One op of each kind at least, and the linear maps that differ in what they read."""
_TABLES = """() => [...document.querySelectorAll("#stage naepo-matrix")]
    .filter((matrix) => matrix.checkVisibility())
    .map((matrix) => ({
        label: matrix.label, name: matrix.name, source: matrix.source,
        cells: [...matrix.querySelectorAll("td[data-row]")]
            .map((td) => [td.dataset.row - matrix.rowStart, td.dataset.col - matrix.colStart,
                td.textContent]),
    }))"""


@dataclass(frozen=True)
class Shown:
    """The table behind a matrix, as numbers: what it is called, and its cells by row and column."""

    label: str
    name: str
    source: dict[str, Any] | None
    cells: dict[tuple[int, int], np.float32]

    @property
    def matrix(self) -> np.ndarray:
        """Give all cells as one matrix; they must begin at row and column 0."""
        rows, cols = (1 + max(place[axis] for place in self.cells) for axis in (0, 1))
        return np.array([[self.cells[r, c] for c in range(cols)] for r in range(rows)])


def tables(page: Visit) -> list[Shown]:
    """Read every table on the stage."""
    return [
        Shown(
            each["label"],
            each["name"],
            each["source"],
            {(row, col): parsed(text) for row, col, text in each["cells"]},
        )
        for each in page.page.evaluate(_TABLES)
    ]


def parsed(text: str) -> np.float32:
    """Read a number as the page writes it; nine digits bring a float32 back, bit for bit."""
    signs = {"−∞": "-inf", "+∞": "inf", "NaN": "nan"}
    return np.float32(signs.get(text, text.replace("−", "-")))


def expected(shown: Shown, truth: Truth, found: Trace) -> np.ndarray:
    """Give the matrix that a table must show: the part of the tensor that it says it is."""
    assert shown.source is not None
    name, at = shown.source["name"], shown.source.get("at")
    is_weight = "run" not in shown.source
    values = truth.weight(name) if is_weight else found[name]
    values = values[tuple(map(index, at.split(",")))] if at else values
    if values.ndim == 3:
        values = rearrange(values, "h t d -> t (h d)")
    return np.atleast_2d(values.T if shown.label.endswith("ᵀ") else values)


def index(text: str) -> int | slice:
    """Read one item of `at`: "3", "2:7" or ":"."""
    if ":" not in text:
        return int(text)
    first, last = text.split(":")
    return slice(int(first) if first else None, int(last) if last else None)


@pytest.mark.parametrize("model", ["korean", pytest.param("gpt2", marks=pytest.mark.slow)])
def test_the_table_of_every_kind_of_step_holds_the_numbers_of_the_tensor(visit, server, model):
    truth = server.models[model]
    found = truth.trace(TEXTS[model])
    page: Visit = visit(model, text=TEXTS[model], view="op", op=OPS[model][0], head=1, position=2)
    for name in OPS[model]:
        page.select(view="op", op=name)
        assert name in check_tables(page, truth, found), name
        if name.split(".")[-1] in ("scores", "masked", "weights", "mixed"):
            page.select(view="attention", op=name)
            check_tables(page, truth, found)
        check_checks(page, name)


def check_tables(page: Visit, truth: Truth, found: Trace) -> set[str]:
    """Hold every cell of every table against the tensor it says it is; give what was seen."""
    page.unfold()
    seen: set[str] = set()
    for shown in tables(page):
        if shown.source and shown.cells:
            seen.add(shown.source["name"])
            values = expected(shown, truth, found)
            for (row, col), value in shown.cells.items():
                assert value == values[row, col], f"{shown.label}[{row}, {col}]"
    return seen


def check_checks(page: Visit, name: str) -> None:
    """Everything that the stage recomputes is right, and something is recomputed."""
    said = page.find("#stage .check").evaluate_all(
        "all => all.map(e => [e.className, e.innerText])"
    )
    assert said or name.endswith("position"), f"{name}: nothing is proved"
    for kind, words in said:
        assert "holds" in kind and "✓" in words, f"{name}: {words}"


@pytest.mark.parametrize("name", ["logits", "probabilities"])
def test_every_id_stands_in_the_table_of_the_answer(visit, server, name):
    text = TEXTS["korean"]
    page: Visit = visit(text=text, view="op", op=name, position=4)
    page.unfold()
    values = server.models["korean"].trace(text)[name][4].numpy()
    rows = page.find("#stage figure tbody tr").evaluate_all(
        "all => all.map(tr => [...tr.children].map(each => each.textContent))"
    )
    found = {int(id): parsed(value) for _, id, _, value in rows}
    assert found == dict(enumerate(values))
    ranked = [float(parsed(value)) for *_, value in rows]
    assert ranked == sorted(ranked, reverse=True)
    check_checks(page, name)


@pytest.mark.parametrize(
    ("model", "name"),
    [("gpt2", "blocks.1.attention.to_q"), ("korean", "blocks.0.attention.to_out")],
)
def test_y_is_x_times_w_plus_b_of_the_numbers_that_are_shown(visit, model, name):
    page: Visit = visit(model, text=TEXTS[model], view="op", op=name)
    page.unfold()
    x, w, *bias, y = [shown.matrix.astype(np.float64) for shown in tables(page)]
    assert len(bias) == (model == "gpt2")
    np.testing.assert_allclose(x @ w + sum(bias), y, atol=1e-5)


def test_one_cell_opens_into_the_products_that_it_is_the_sum_of(visit, server):
    text, name = TEXTS["gpt2"], "blocks.0.mlp.up"
    page: Visit = visit("gpt2", text=text, view="op", op=name, position=3)
    y = page.find("#stage naepo-matrix .matrix-scroll canvas").last
    box = y.bounding_box()
    assert box is not None
    page.page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
    page.settle()
    state = page.state()
    row, col = state["row"], state["col"]
    assert (row, state["position"]) != (None, None)
    cell = float(server.models["gpt2"].trace(text)[name][row, col])
    page.unfold(".addends")
    rows = page.find(".addends tbody tr").evaluate_all(
        "all => all.map(tr => [...tr.children].map(each => each.textContent))"
    )
    numbers = [[parsed(text) for text in each[-4:]] for each in rows if each[1]]
    assert len(numbers) == server.models["gpt2"].checkpoint.model.settings.d_model
    for x, w, product, _ in numbers:
        assert product == pytest.approx(float(x) * float(w), rel=1e-5)
    bias = server.models["gpt2"].weight(f"{name}.bias")[col]
    total = sum(float(product) for _, _, product, _ in numbers) + float(bias)
    assert total == pytest.approx(cell, abs=1e-5)
    assert page.find("#stage [data-check=addends]").get_attribute("class") == "check holds"


@pytest.mark.parametrize("model", OPS)
def test_what_must_hold_is_shown_and_holds(visit, model):
    page: Visit = visit(model, text=TEXTS[model], view="path")
    checks = page.find("naepo-checks [data-check]").evaluate_all(
        "all => all.map(e => [e.dataset.check, e.className, e.textContent])"
    )
    names = {name for name, _, _ in checks}
    assert {"stream_sum", "lens_last", "softmax_rows", "masked_zero", "fast_path"} <= names
    for name, kind, words in checks:
        assert kind == "check holds" and words.startswith("✓"), f"{name}: {words}"
    assert page.find("#stage .check").count() and not page.find("#stage .check.fails").count()


def test_rows_of_attention_sum_to_1_and_no_position_looks_ahead(visit, server):
    text = TEXTS["korean"]
    found = server.models["korean"].trace(text)
    page: Visit = visit(text=text, view="attention", op="blocks.1.attention.weights")
    for head in range(4):
        page.press(str(head))
        page.unfold()
        shown = next(each for each in tables(page) if each.cells).matrix
        assert (shown == found["blocks.1.attention.weights"][head].numpy()).all()
        np.testing.assert_allclose(shown.astype(np.float64).sum(1), 1, atol=1e-6)
        assert (shown[np.triu_indices(len(shown), 1)] == 0).all()


def test_the_answer_holds_the_probabilities_of_the_model(visit, server):
    text = TEXTS["korean"]
    page: Visit = visit(text=text, view="attention", position=3)
    logits = server.models["korean"].trace(text)["logits"][3]
    rows = page.find(".distribution tbody tr[data-id]").evaluate_all(
        "all => all.map(tr => [Number(tr.dataset.id), tr.innerText])"
    )
    likeliest = logits.topk(len(rows)).indices.tolist()
    assert [id for id, _ in rows] == likeliest
    for id, words in rows:
        share = 100 * float(logits.softmax(0)[id])
        assert float(re.findall(r"([\d.]+) %", words)[0]) == pytest.approx(share, abs=0.06)


def test_sampling_moves_the_answer_and_asks_nobody(visit):
    page: Visit = visit(text=TEXTS["korean"], view="attention")
    before = page.find(".distribution").inner_text()
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.find("#temperature").fill("0.5")
    page.settle()
    assert page.find(".distribution").inner_text() != before
    page.find("#topK").fill("3")
    page.settle()
    assert page.find(".distribution tbody tr[data-id]").count() >= 3
    shares = page.find(".distribution tbody tr[data-id]").all_inner_texts()
    assert sum(not re.search(r"(?<![\d.])0(\.00)? %", words) for words in shares) == 3
    assert not asked


def test_writing_one_and_taking_it_back_is_where_one_was(visit, server):
    page: Visit = visit(text=TEXTS["korean"], view="attention")
    count = page.find("naepo-tokens .token").count()
    answer = page.find(".distribution").inner_text()
    page.press("n", "n")
    assert page.find("naepo-tokens .token").count() == count + 2
    page.press("b", "b")
    assert page.find("naepo-tokens .token").count() == count
    assert page.find(".distribution").inner_text() == answer


def test_the_numbers_go_along_as_csv_and_npy(visit, server, tmp_path):
    text, name = TEXTS["gpt2"], "blocks.0.norm_1"
    page: Visit = visit("gpt2", text=text, view="op", op=name)
    page.unfold()
    values = server.models["gpt2"].trace(text)[name].numpy()
    matrix = page.find("#stage naepo-matrix:has(.matrix-files button:text-is('NPY'))").last
    for button in matrix.get_by_role("button", name="NPY").all():
        with page.page.expect_download() as download:
            button.click()
        download.value.save_as(tmp_path / "a.npy")
        assert (np.load(tmp_path / "a.npy") == values).all()
    with page.page.expect_download() as download:
        matrix.get_by_role("button", name="CSV").first.click()
    download.value.save_as(tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()
    numbers = np.array([line.split(",")[-values.shape[1] :] for line in lines[1:]], np.float32)
    assert (numbers == values).all()
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.page.expect_download() as download:
            matrix.get_by_role("button", name=kind).first.click()
        download.value.save_as(tmp_path / "picture")
        assert (tmp_path / "picture").read_bytes().startswith(begins)
