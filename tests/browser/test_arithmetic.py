"""What the page computes by itself equals what Python computes."""

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser

from naepo.generate.sampling import Sampling, filtered

pytestmark = pytest.mark.browser
OPEN = {"temperature": 1.0, "minP": None, "topK": None, "topP": None}
SETTINGS = [
    {},
    {"temperature": 0.7},
    {"temperature": 0.0},
    {"temperature": 1e-3},
    {"temperature": 1.8},
    {"topK": 1},
    {"topK": 5},
    {"topK": 10_000},
    {"topP": 0.0},
    {"topP": 0.37},
    {"topP": 0.9},
    {"topP": 1.0},
    {"minP": 0.05},
    {"minP": 0.0},
    {"minP": 1.0},
    {"temperature": 0.8, "minP": 0.02, "topK": 40, "topP": 0.8},
    {"temperature": 1.3, "minP": 0.01, "topK": 7, "topP": 0.5},
]


@pytest.fixture(scope="module")
def call(browser: Browser, server) -> Iterator[Callable[..., Any]]:
    """Give `call(file, body, *values)`: what an expression over a module of the page gives."""
    page = browser.new_page()
    page.goto(server.origin + "/i18n/path.en.json")

    def ask(file: str, body: str, *values: object) -> Any:
        # JSON has no infinity: it travels as a word
        script = f"""async (text) => {{
            const strange = {{"-inf": -Infinity, inf: Infinity, nan: NaN}};
            const values = JSON.parse(text, (_, value) => strange[value] ?? value);
            const module = await import("/core/{file}");
            return (({body}))(module, ...values);
        }}"""
        return page.evaluate(script, json.dumps(values))

    yield ask
    page.close()


def logits(seed: int, n: int = 300) -> np.ndarray:
    """Draw logits with ties among them, also at the top."""
    draw = torch.Generator().manual_seed(seed)
    values = 3 * torch.randn(n, generator=draw)
    values[10:20] = values[30]
    values[40:43] = values.max()
    return values.numpy()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: json.dumps(setting))
def test_sampling_in_the_browser_keeps_the_ids_and_chances_of_torch(call, setting, seed):
    values = logits(seed)
    chosen = OPEN | setting
    body = "(m, logits, how) => [...m.filtered(Float32Array.from(logits), how)]"
    found = np.array(call("sampling.js", body, values.tolist(), chosen))
    sampling = Sampling(
        temperature=chosen["temperature"],
        min_p=chosen["minP"],
        top_k=chosen["topK"],
        top_p=chosen["topP"],
    )
    batch = torch.tensor(values)[None].double()
    if sampling.is_greedy:
        expected = np.eye(len(values))[int(batch.argmax())]
    else:
        expected = filtered(batch, sampling).softmax(-1)[0].numpy()
    if chosen["topK"] is None:
        assert (found == 0).tolist() == (expected == 0).tolist()
    else:  # of equal logits at the edge, torch may keep any; how many stay is the same
        assert (found == 0).sum() == (expected == 0).sum()
    np.testing.assert_allclose(np.sort(found), np.sort(expected), atol=1e-12)
    assert math.isclose(found.sum(), 1, abs_tol=1e-12)


def test_ids_that_are_far_too_unlikely_are_kept_and_none_is_lost(call):
    values = [0.0, -50.0, "-inf", -700.0]
    body = "(m, logits) => [...m.filtered(Float32Array.from(logits), {temperature: 1})]"
    found = call("sampling.js", body, values)
    np.testing.assert_allclose(found, [1, math.exp(-50), 0, math.exp(-700)], rtol=1e-12)


def test_chance_follows_the_seed_and_is_even(call):
    body = "(m, seed) => {const next = m.seeded(seed); return Array.from({length: 4000}, next)}"
    first, again, other = (np.array(call("random.js", body, seed)) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()
    assert first.min() >= 0 and first.max() < 1 and abs(first.mean() - 0.5) < 0.02
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 0.05


def test_ids_are_drawn_as_often_as_their_probability_says(call):
    body = """(m, p) => {const next = m.seeded(3); const n = [0, 0, 0, 0];
        for (let i = 0; i < 20000; i++) n[m.draw(p, next())] += 1; return n}"""
    found = call("random.js", body, [0.5, 0.0, 0.2, 0.3])
    assert found[1] == 0
    np.testing.assert_allclose(np.array(found) / 20000, [0.5, 0, 0.2, 0.3], atol=0.015)


NUMBERS = [
    (0.0, "0", "0"),
    (0.123456, "0.123", "0.123456001"),
    (-1.1, "−1.10", "−1.10000002"),
    (1234.5, "1235", "1234.5"),
    (-0.000012, "−1.20e−5", "−0.0000120000004"),
    (123456.0, "1.23e5", "123456"),
    (999.6, "1000", "999.599976"),
    (2.0**100, "1.27e30", "1.2676506e+30"),
    ("nan", "NaN", "NaN"),
    ("inf", "+∞", "+∞"),
    ("-inf", "−∞", "−∞"),
]


@pytest.mark.parametrize(("value", "short", "whole"), NUMBERS)
def test_a_number_is_written_the_same_everywhere(call, value, short, whole):
    body = "(m, x) => [m.number(Math.fround(x)), m.full(Math.fround(x))]"
    assert call("format.js", body, value) == [short, whole]


def test_every_digit_means_that_the_float_comes_back(call):
    values = torch.cat([torch.randn(200), 1e-6 * torch.randn(200), 1e6 * torch.randn(200)])
    body = "(m, xs) => xs.map(x => m.full(Math.fround(x)))"
    texts = call("format.js", body, values.double().tolist())
    back = [np.float32(text.replace("−", "-")) for text in texts]
    assert back == values.numpy().tolist()


STATE = {
    "text": "나는 a&b=c#d%20 \n둘째 줄 <img>",
    "view": "op",
    "op": "blocks.0.mlp.up",
    "position": 3,
    "head": 1,
    "changes": [{"op": "blocks.0.attention.mixed", "head": 1, "factor": 0}],
    "temperature": 0.7,
    "other": {"model": "1", "checkpoint": 0},
}


def test_a_state_survives_the_address(call):
    body = "(m, state) => m.decode('#' + m.encode({...m.DEFAULTS, ...state}))"
    assert call("store.js", body, STATE) == STATE


@pytest.mark.parametrize("hash", ["#", "#%", "#position=x&changes={&other=[", "#/run?", "#a=b"])
def test_an_address_that_says_nonsense_is_read_without_an_error(call, hash):
    found = call("store.js", "(m, hash) => m.decode(hash)", hash)
    assert not {"position", "changes"} & set(found)
