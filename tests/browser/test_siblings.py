"""The page on a sibling of the transformer: every step of a block, and what it does not have."""

import pytest

from naepo.look import layout
from tests.browser.models import SIBLINGS
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser
TEXT = "To be, or not"


def kinds(quick: str) -> pytest.MarkDecorator:
    """Each kind; all but one only where there is time."""
    slow = [pytest.param(kind, marks=pytest.mark.slow) for kind in SIBLINGS if kind != quick]
    return pytest.mark.parametrize("kind", [quick, *slow])


@kinds(quick="mingru")
def test_every_step_of_a_block_opens_and_every_check_holds(visit, server, kind):
    page: Visit = visit(kind, text=TEXT, view="op", op="blocks.1.norm_1", position=5)
    ops = [op for op in layout(server.models[kind].checkpoint.model.settings) if op.block == 1]
    for op in ops:
        page.select(op=op.name, view="op")
        assert page.find("#stage h2").first.inner_text() == op.name
        assert page.find("#stage .formula math mrow").count(), op.name
        assert page.find("#stage naepo-matrix").count(), op.name
        assert page.find("#stage .check").count(), op.name
        failing = page.find("#stage .check.fails, #stage .trouble:visible").all_inner_texts()
        assert not failing, f"{op.name}: {failing}"


@kinds(quick="rnn")
def test_what_a_sibling_does_not_have_is_said_and_leads_to_what_it_has(visit, kind):
    page: Visit = visit(kind, text=TEXT, view="attention")
    assert "no attention" in page.find("#stage").inner_text()
    page.find("#stage nav button").last.click()
    page.settle()
    assert page.state()["op"] == "blocks.0.mixer.to_out"
    assert "heads" not in page.find("#change-target").inner_text()
    for view in ("path", "map", "compare"):
        page.select(view=view)
        assert not page.find("#stage .trouble:visible").all_inner_texts(), view
    page.select(view="path")
    assert "mixer" in page.find("#stage").inner_text()
    assert not page.find(".check.fails").all_inner_texts()
