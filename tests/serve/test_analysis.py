"""What a run's numbers come to is what `look` says, told as a page can draw it."""

import numpy as np
import pytest

from naepo.checkpoint import load
from naepo.look import Change, trace
from naepo.look.contributions import ablate_heads, contributions
from naepo.look.lens import lens, stream_norms
from naepo.look.neurons import strongest
from naepo.look.norms import norms

TEXT = "나는 학교에"


@pytest.fixture(scope="module")
def korean(folders):
    return load(folders[0])


@pytest.fixture(scope="module")
def found(korean):
    return trace(korean.model, korean.encoder.encode(TEXT).tolist())


@pytest.fixture
def ask(client, post_run):
    """Ask one question about the run of TEXT."""
    run = post_run(TEXT)["run"]

    def ask_it(path, **query):
        answer = client.get(f"/look/{path}", params={"run": run} | query)
        assert answer.status_code == 200, answer.text
        return answer

    return ask_it


def test_the_addends_of_a_cell_sum_up_to_it(ask, get_tensor, post_run, found):
    name = "blocks.1.mlp.down"
    answer = ask("dot", op=name, row=2, col=5)
    x, w, products = np.frombuffer(answer.content, "<f4").reshape(3, -1).astype(np.float64)
    cell = float(answer.headers["x-naepo-cell"])
    assert cell == float(found[name][2, 5])
    np.testing.assert_allclose(products, x * w, rtol=1e-6)
    assert products.sum() + float(answer.headers["x-naepo-bias"]) == pytest.approx(cell, abs=1e-5)
    np.testing.assert_array_equal(x, found["blocks.1.mlp.activation"][2].double().numpy())


def test_an_op_that_is_no_linear_transformation_has_no_addends(client, post_run):
    query = {"run": post_run(TEXT)["run"], "op": "norm", "row": 0, "col": 0}
    answer = client.get("/look/dot", params=query)
    assert answer.status_code == 400
    assert "to_q" in answer.json()["hint"]


def test_the_lens_is_that_of_look_and_its_last_layer_is_the_answer(ask, found, korean):
    layers = ask("lens", position=3, top=4, id=7).json()["layers"]
    for told, layer in zip(layers, lens(found, 3, top=4, id=7), strict=True):
        assert told["op"] == layer.op
        assert [each["id"] for each in told["top"]] == [each.id for each in layer.top]
        assert told["top"][0]["probability"] == layer.top[0].probability
        assert told["entropy"] == layer.entropy
        assert told["target_rank"] == layer.rank
    best = layers[-1]["top"][0]
    assert best["id"] == int(found["logits"][3].argmax())
    assert best["label"] == korean.encoder.describe(best["id"]).printable or best["text"] is None


def test_contributions_are_those_of_look_and_add_up(ask, found):
    told = ask("contributions", position=2, id=11).json()
    expected = contributions(found, 2, 11)
    assert [(p["name"], p["value"]) for p in told["parts"]] == [
        (p.name, p.value) for p in expected.parts
    ]
    assert sum(p["value"] for p in told["parts"]) == pytest.approx(told["logit"], abs=1e-4)
    assert told["error"] == expected.error < 1e-4


def test_contributions_are_of_the_likeliest_id_unless_one_is_named(ask, found):
    assert ask("contributions", position=2).json()["id"] == int(found["logits"][2].argmax())


def test_the_stream_names_its_rows(ask, found):
    answer = ask("stream")
    names, values = stream_norms(found)
    assert answer.headers["x-naepo-names"].split(",") == names
    assert answer.content == values.numpy().astype("<f4").tobytes()


def test_a_norm_tells_what_it_measured_and_a_norm_of_heads_each_head(ask, found):
    told = ask("norm", name="norm", position=1).json()
    (expected,) = norms(found, "norm", 1)
    assert (told["kind"], told["rms"], told["scale"]) == ("rms", expected.rms, expected.scale)
    heads = ask("norm", name="blocks.0.attention.q_norm", position=1).json()["heads"]
    assert len(heads) == 4


def test_neurons_are_those_of_look(ask, found):
    told = ask("neurons", block=1, position=2, top=3).json()["neurons"]
    for one, neuron in zip(told, strongest(found, 1, 2, top=3), strict=True):
        assert (one["unit"], one["activation"]) == (neuron.unit, neuron.activation)
        assert one["gate"] == neuron.gate
        assert [p["id"] for p in one["promotes"]] == [p.id for p in neuron.promotes]
        assert len(one["suppresses"]) == 5


def test_a_gpt2_has_no_gate_and_a_layer_norm(client, post_run):
    run = post_run("the cat", model="1")["run"]
    neurons = client.get("/look/neurons", params={"run": run, "block": 0, "position": 0})
    assert "gate" not in neurons.json()["neurons"][0]
    norm = client.get("/look/norm", params={"run": run, "name": "norm", "position": 0}).json()
    assert norm["kind"] == "layer"


def test_heads_are_switched_off_for_the_likeliest_id_where_none_is_named(client, post_run, found):
    asked = {"run": post_run(TEXT)["run"], "position": 2}
    likeliest = int(found["logits"][2].argmax())
    answers = [
        client.post("/look/ablate_heads", json=asked | more).content
        for more in ({}, {"id": likeliest})
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("changes", [[], [{"op": "blocks.0.mlp.activation", "unit": 1}]])
def test_each_head_alone_is_switched_off_on_top_of_the_changes(client, post_run, korean, changes):
    run = post_run(TEXT, changes=changes)["run"]
    answer = client.post("/look/ablate_heads", json={"run": run, "position": 2, "id": 5})
    ids = korean.encoder.encode(TEXT).tolist()
    expected = ablate_heads(korean.model, ids, 2, 5, [Change(**each) for each in changes])
    assert answer.headers["x-naepo-shape"] == "3,4"
    found = np.frombuffer(answer.content, "<f4").reshape(expected.shape)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "query",
    [
        {"position": 99},
        {"position": -1},
        {"position": 0, "id": 9999},
        {"position": 0, "top": 0},
        {"position": "x"},
        {},
    ],
)
def test_what_is_not_there_is_told_in_words(client, post_run, query):
    answer = client.get("/look/lens", params={"run": post_run(TEXT)["run"]} | query)
    assert answer.status_code == 400
    assert answer.json()["message"]
