"""Maps: PCA at once, the others in the background; nearest ids in the full space."""

import time

import numpy as np
import pytest
import torch

from naepo.checkpoint import load
from naepo.config import UserError
from naepo.look.embedding_map import embedding_map, neighbours
from naepo.serve.maps import Maps


@pytest.fixture
def await_map(client):
    """Ask for a map and wait until it is drawn or failed."""

    def ask(**body):
        answer = client.post("/look/map", json=body)
        assert answer.status_code == 200, answer.text
        told, until = answer.json(), time.monotonic() + 60
        while told["state"] == "running":
            assert time.monotonic() < until
            time.sleep(0.02)
            told = client.get("/look/map", params={"map": told["map"]}).json()
        return told

    return ask


def test_pca_is_there_at_once_and_is_that_of_look(client, get_tensor, folders):
    told = client.post("/look/map", json={"method": "pca"}).json()
    assert told["state"] == "done"
    expected = embedding_map(load(folders[0]).model, "pca")
    sent = get_tensor("/look/map/points", map=told["map"])
    np.testing.assert_array_equal(sent, expected.points)
    assert told["n"] == len(sent)
    assert told["trustworthiness"] == expected.trustworthiness
    assert told["overlap"] == expected.overlap


def test_the_same_map_is_drawn_once_and_another_seed_is_another_map(client):
    first, again, other = (
        client.post("/look/map", json={"seed": seed}).json() for seed in (0, 0, 1)
    )
    assert first == again
    assert other["map"] != first["map"]


def test_tsne_is_drawn_in_the_background(await_map, get_tensor):
    told = await_map(method="tsne", model="1", perplexity=5.0)
    assert told["state"] == "done" and told["method"] == "tsne"
    points = get_tensor("/look/map/points", map=told["map"])
    assert points.shape == (told["n"], 2) and np.isfinite(points).all()


def test_a_map_that_cannot_be_drawn_says_why(await_map, client):
    told = await_map(method="tsne", perplexity=1e6)
    assert told["state"] == "failed"
    assert "perplexity" in told["message"]
    answer = client.get("/look/map/points", params={"map": told["map"]})
    assert answer.status_code == 404


def test_a_map_that_is_not_known_is_gone(client):
    for path in ("/look/map", "/look/map/points"):
        assert client.get(path, params={"map": "0" * 24}).status_code == 410


@pytest.mark.parametrize("body", [{"method": "mds"}, {"seed": "x"}, {"speed": 1}])
def test_a_map_that_nobody_draws_is_refused(client, body):
    assert client.post("/look/map", json=body).status_code == 400


def test_maps_wait_for_each_other_and_a_fault_does_not_end_the_drawing(capsys):
    maps, points = Maps(), torch.zeros(1, 2)
    asked = [
        maps.ask("a", lambda: 1 / 0, at_once=False, size=1),
        maps.ask("b", lambda: (points, {"n": 1}), at_once=False, size=1),
    ]
    until = time.monotonic() + 10
    while any(each.state == "running" for each in asked) and time.monotonic() < until:
        time.sleep(0.01)
    assert [each.state for each in asked] == ["failed", "done"]
    assert "naepo made a mistake" in asked[0].table()["message"]
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert asked[1].work is None, "a map that is drawn holds no model"


def test_a_failed_map_is_tried_again_when_it_is_asked_for_again():
    maps = Maps()

    def fail():
        raise UserError("no")

    with pytest.raises(UserError, match="no"):
        maps.ask("a", fail, at_once=True, size=1)
    again = maps.ask("a", lambda: (torch.zeros(1, 2), {}), at_once=True, size=1)
    assert again.state == "done"


def test_neighbours_are_those_of_the_full_space(client, folders):
    answer = client.get("/look/neighbours", params={"id": 65, "top": 3})
    expected = neighbours(load(folders[0]).model, 65, 3)
    told = answer.json()["neighbours"]
    assert [(n["id"], n["cosine"], n["distance"]) for n in told] == [
        (n.id, n.cosine, n.distance) for n in expected
    ]
    assert all(set(n) == {"id", "label", "text", "cosine", "distance"} for n in told)
    assert client.get("/look/neighbours", params={"id": 10**9}).status_code == 400


def test_without_the_text_there_are_no_frequencies(client):
    answer = client.get("/look/frequencies")
    assert answer.status_code == 404
    assert "not at hand" in answer.json()["message"]


def test_the_vocabulary_tells_each_id_of_the_model(client, folders):
    loaded = load(folders[0])
    told = client.get("/look/vocabulary").json()
    assert len(told["labels"]) == loaded.model.settings.vocab_size
    assert {len(told[name]) for name in ("labels", "kinds", "bytes")} == {len(told["labels"])}
    assert told["kinds"][loaded.encoder.end_id] == "special"
    assert "hangul" in told["kinds"]
