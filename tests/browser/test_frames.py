"""What one key press changes is shown together, and the road's strips are real values."""

import numpy as np
import pytest

pytestmark = pytest.mark.browser
_TOGETHER = """async () => {
    const {together} = await import("/core/asking.js");
    const after = (name, milliseconds) => new Promise((done) =>
        setTimeout(() => (log.push(`${name} answered`), done()), milliseconds));
    const ask = (name, milliseconds) =>
        together(after(name, milliseconds)).then(() => log.push(`${name} shown`));
    const log = [];
    await Promise.all([ask("first", 0), ask("second", 20), ask("slow", 600)]);
    return log;
}"""
_STRIPS = """(names) => names.map((name) => {
    const place = document.querySelector(`[data-op="${name}"] .strip`);
    const group = place.closest(".lines, .block");
    const canvas = group.querySelector(":scope > .strips");
    const row = place.getBoundingClientRect().top - canvas.getBoundingClientRect().top;
    const at = Math.round(row + 6);
    const seen = canvas.getContext("2d").getImageData(0, at, 64, 1).data;
    return [...new Uint32Array(seen.buffer)];
})"""
_COLOURS = """async ([values, limit]) => {
    const {diverging, pixel} = await import("/core/colour.js");
    return values.map((value) => pixel(diverging(value, limit)));
}"""


def test_answers_to_one_key_press_wait_for_each_other_but_not_for_a_slow_one(visit):
    assert visit().page.evaluate(_TOGETHER) == [
        "first answered",
        "second answered",
        "first shown",
        "second shown",
        "slow answered",
        "slow shown",
    ]


def test_each_strip_of_the_road_shows_the_values_of_its_own_step(visit, server):
    text = "나는 어제 학교에 갔다"
    page = visit(text=text, position=3, view="op", op="blocks.1.residual_2")
    page.press("ArrowRight")
    trace = server.models["korean"].trace(text)
    names = ["embedding", "blocks.0.norm_1", "blocks.1.mlp.down", "blocks.2.residual_2", "norm"]
    shown = page.page.evaluate(_STRIPS, names)
    for name, strip in zip(names, shown, strict=True):
        values = trace[name][4].double().numpy()
        assert len(values) <= 64, "a strip of more numbers is pooled: choose another step"
        wide = values[np.arange(64) * len(values) // 64]
        limit = float(np.abs(values).max())
        assert strip == page.page.evaluate(_COLOURS, [wide.tolist(), limit]), name
