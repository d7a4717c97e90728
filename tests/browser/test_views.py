"""Every view of every kind of model: drawn, silent, and never fooled by what a vocabulary holds."""

from typing import Any

import numpy as np
import pytest

from naepo.look import Change
from tests.browser.models import HOSTILE, STEPS
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
VIEWS = ("op", "attention", "path", "map", "training", "compare")
TEXTS = {
    "korean": "나는 어제 학교에 갔다",
    "gpt2": "The cat sat on the mat",
    "hostile": "a" + "".join(HOSTILE) + "z",
}
_PICTURES = """() => [...document.querySelectorAll("#stage canvas, #stage svg")]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 40)
    .map((each) => {
        if (each.tagName !== "CANVAS") return each.childElementCount;
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [each.width, each.height];
        const pen = copy.getContext("2d");
        pen.drawImage(each, 0, 0);
        const dots = new Uint32Array(pen.getImageData(0, 0, copy.width, copy.height).data.buffer);
        return new Set(dots).size - 1;
    })"""


@pytest.mark.parametrize(
    "model", ["korean", "hostile", pytest.param("gpt2", marks=pytest.mark.slow)]
)
def test_every_view_is_drawn_without_a_word_to_anybody_else(visit, model):
    """The fixture fails on any foreign request, on any error and on any text that was run."""
    page: Visit = visit(model, text=TEXTS[model], view="attention")
    dialogs: list[str] = []
    page.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for view in VIEWS:
        page.select(view=view, other={"model": "0", "checkpoint": 100})
        page.unfold()
        pictures = page.page.evaluate(_PICTURES)
        is_one_checkpoint = view == "training" and model != "korean"
        assert is_one_checkpoint or any(pictures), f"{view}: {pictures}"
        assert is_one_checkpoint or page.find("#stage table").count(), f"{view}: no table"
        assert not page.find("#stage .trouble:visible").all_inner_texts()
    assert not dialogs
    assert page.find("script").count() == 1
    assert page.find("img, b, iframe, object, embed").count() == 0


def test_a_hostile_vocabulary_is_shown_as_it_is(visit):
    page: Visit = visit("hostile", text=TEXTS["hostile"], view="attention")
    titles = page.find("naepo-tokens").inner_text() + "".join(
        page.find("naepo-tokens [title]").evaluate_all("all => all.map(e => e.title)")
    )
    for text in HOSTILE:
        assert text.replace(" ", "␣") in titles
    assert "<img src=y onerror=alert(2)>" in page.find("#model option").all_text_contents()[2]


def select_head(head: int, factor: float) -> dict[str, Any]:
    return {"op": "blocks.0.attention.mixed", "head": head, "factor": factor}


def test_a_change_that_changes_nothing_leaves_the_logits_equal_to_the_last_bit(visit, server):
    text = TEXTS["korean"]
    page: Visit = visit(text=text, view="attention")
    ones = [
        select_head(1, 1.0),
        {"op": "blocks.1.mlp.activation", "unit": 3, "factor": 1.0},
        {"op": "blocks.2.residual_2", "position": 2, "factor": 1.0},
        {"op": "embedding", "position": 1, "patch": {"text": text, "position": 1}},
    ]
    plain = page.run(model="0", checkpoint=300, text=text)
    same = page.run(model="0", checkpoint=300, text=text, changes=ones)
    assert plain["run"] != same["run"]
    first, second = (
        page.tensor("/look/tensor", run=r["run"], name="logits") for r in (plain, same)
    )
    assert first.tobytes() == second.tobytes()
    assert first.tobytes() == server.models["korean"].trace(text)["logits"].numpy().tobytes()


def test_a_head_that_is_switched_off_changes_alone_in_its_block(visit):
    text = TEXTS["korean"]
    page: Visit = visit(text=text, view="attention")
    at = "blocks.0.attention"
    runs = [
        page.run(model="0", checkpoint=300, text=text, changes=changes)["run"]
        for changes in ([], [select_head(1, 0.0)])
    ]

    def both(name: str) -> tuple[np.ndarray, np.ndarray]:
        before, after = (page.tensor("/look/tensor", run=run, name=name) for run in runs)
        return before, after

    before, after = both(f"{at}.mixed")
    assert (after[1] == 0).all() and (before[1] != 0).any()
    assert after[[0, 2, 3]].tobytes() == before[[0, 2, 3]].tobytes()
    for name in ("residual", f"{at}.q", f"{at}.scores", f"{at}.weights"):
        before, after = both(name)
        assert before.tobytes() == after.tobytes()
    for name in (f"{at}.to_out", "blocks.1.attention.weights", "logits"):
        before, after = both(name)
        assert (before != after).any()


def test_touching_the_model_shows_before_and_after_and_can_be_taken_back(visit, server):
    text = TEXTS["korean"]
    page: Visit = visit(text=text, view="attention", op="blocks.0.attention.weights", head=2)
    plain = page.find(".distribution").inner_text()
    page.find("#change-target").select_option("head")
    page.find("#change-action").select_option("off")
    page.find("#change-add").click()
    page.settle()
    change = page.state()["changes"][0]
    assert (change["op"], change["head"], change["factor"]) == ("blocks.0.attention.mixed", 2, 0)
    assert page.find("naepo-changes .chip").count() == 1
    truth = server.models["korean"]
    changed = truth.trace(text, Change(op=change["op"], head=2))["logits"][-1]
    head = page.find(".distribution thead").inner_text()
    assert "change" in head  # what it was before stands beside what it is
    likeliest = int(page.find(".distribution tbody tr[data-id]").first.get_attribute("data-id"))
    assert likeliest == int(changed.argmax())
    page.find("naepo-changes .chip button").click()
    page.settle()
    assert page.state()["changes"] == []
    assert page.find(".distribution").inner_text() == plain


def test_a_change_that_the_model_cannot_do_is_answered_in_words(visit):
    page: Visit = visit(text=TEXTS["korean"], view="attention")
    page.expected.append("/look/run")
    page.select(changes=[{"op": "blocks.9.attention.mixed", "head": 0, "factor": 0}])
    assert "blocks.9.attention.mixed" in page.find("body").inner_text()
    page.select(changes=[])
    assert page.find("naepo-tokens .token").count() > 3


def test_a_run_that_is_no_longer_kept_is_made_again(visit, server):
    page: Visit = visit(text=TEXTS["korean"], view="op", op="blocks.0.mlp.up")
    page.expected.append("/look/")
    gone = {"message": "this run is no longer kept", "hint": None}
    left = [1]

    def once(route: Any) -> None:
        if left:
            left.pop()
            route.fulfill(status=410, json=gone)
        else:
            route.fallback()

    page.page.context.route("**/look/tensor?*blocks.1.mlp.up*", once)
    page.select(view="op", op="blocks.1.mlp.up")
    assert not left
    assert "no longer kept" not in page.find("#stage").inner_text()
    assert page.find("#stage naepo-matrix").count() >= 3


def test_the_slider_walks_through_the_kept_checkpoints(visit, server):
    page: Visit = visit(text=TEXTS["korean"], view="training")
    slider = page.find("#checkpoint")
    slider.focus()
    page.press("Home")
    assert page.state()["checkpoint"] == STEPS[0]
    weight = page.tensor("/look/weight", model="0", checkpoint=0, name="embedding.weight")
    last = server.models["korean"].weight("embedding.weight").numpy()
    assert weight.shape == last.shape and (weight != last).any()
    page.press("ArrowRight")
    assert page.state()["checkpoint"] == STEPS[1]


def test_a_point_of_the_map_is_found_and_its_neighbours_are_those_of_the_full_space(visit, server):
    page: Visit = visit(text=TEXTS["korean"], view="map")
    weight = server.models["korean"].weight("embedding.weight")
    id = 97
    page.select(id=id)
    unit = weight / weight.norm(dim=1, keepdim=True)
    nearest = (unit @ unit[id]).argsort(descending=True)[1:6].tolist()
    shown = page.table("/look/neighbours", model="0", checkpoint=300, id=id, top=5)
    assert [each["id"] for each in shown["neighbours"]] == nearest
    page.unfold()
    words = page.find("naepo-map-view").inner_text()
    assert all(str(each) in words for each in nearest)
