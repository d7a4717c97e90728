"""Training seen from inside, as the page is told it."""

import numpy as np
import pytest

from naepo.look.gradients import gradients_of
from naepo.look.training import embedding_on, plane_of, training


def test_the_story_of_a_run_is_that_of_look(client, folders):
    told = client.get("/look/training").json()
    expected = training(folders[0])
    assert told["steps"] == expected.steps == [0, 100, 200, 300]
    assert [each["name"] for each in told["matrices"]] == [m.name for m in expected.matrices]
    assert told["matrices"][0] == vars(expected.matrices[0])
    assert told["loss"][0] == {"step": 1, "loss": pytest.approx(4 - 1 / 300)}
    assert [row["step"] for row in told["validation"]] == [100, 200, 300]
    assert set(told["gradient"][0]) == {"step", "grad_norm"}


def test_a_folder_of_others_has_no_story(client):
    told = client.get("/look/training", params={"model": "1"}).json()
    assert (told["steps"], told["loss"], told["matrices"]) == ([], [], [])


def test_a_text_pulls_each_weight_at_each_kept_step(client, folders):
    told = client.get("/look/training/gradients", params={"text": "나는 학교에"}).json()
    expected = gradients_of(folders[0], "나는 학교에")
    assert told["steps"] == expected.steps
    assert told["loss"] == expected.loss
    assert {m["name"]: m["norm"] for m in told["matrices"]} == expected.norms
    assert client.get("/look/training/gradients", params={"text": ""}).status_code == 400


def test_the_ids_of_every_step_lie_on_one_plane(client, get_tensor, folders):
    plane = plane_of(folders[0])
    for step in (0, 300):
        sent = get_tensor("/look/training/map", checkpoint=step)
        np.testing.assert_array_equal(sent, embedding_on(plane, folders[0], step).numpy())
    assert client.get("/look/training/map", params={"checkpoint": 7}).status_code == 400
    shown = get_tensor("/look/training/map")
    np.testing.assert_array_equal(shown, get_tensor("/look/training/map", checkpoint=300))
