"""Real numbers on demand: parts, weights, pictures of them, files. Never JSON, never everything."""

import io

import numpy as np
import pytest
import torch

from naepo.checkpoint import load
from naepo.look import trace
from naepo.look.statistics import histogram, pooled, strips
from naepo.serve.slices import cut, read_slices

Q = "blocks.0.attention.q"
TO_Q = "blocks.0.attention.to_q.weight"


@pytest.fixture(scope="module")
def korean(folders):
    return load(folders[0])


@pytest.fixture
def run(post_run):
    return post_run("나는 학교에")["run"]


@pytest.fixture(scope="module")
def found(korean):
    return trace(korean.model, korean.encoder.encode("나는 학교에").tolist())


@pytest.mark.parametrize(
    ("at", "index"),
    [
        ("", np.s_[:, :, :]),
        (":,:,:", np.s_[:, :, :]),
        ("1,:,2:5", np.s_[1:2, :, 2:5]),
        (" 0:2 , 3 , : ", np.s_[0:2, 3:4, :]),
        (":2,1:,0", np.s_[:2, 1:, 0:1]),
    ],
)
def test_a_part_keeps_every_axis(get_tensor, run, found, at, index):
    sent = get_tensor("/look/tensor", run=run, name=Q, at=at)
    np.testing.assert_array_equal(sent, found[Q].numpy()[index])


@pytest.mark.parametrize(
    "at",
    [
        "9,:,:",
        ":,:",
        ":,:,:,:",
        "a,:,:",
        "2:1,:,:",
        "0:99,:,:",
        "-1,:,:",
        "1:1,:,:",
        ",,",
        "1e3,:,:",
        "\u0661,:,:",
        "9" * 30 + ",:,:",
    ],
)
def test_a_part_that_is_not_there_is_told_in_words(client, run, at):
    answer = client.get("/look/tensor", params={"run": run, "name": Q, "at": at})
    assert answer.status_code == 400
    assert Q in answer.json()["message"]


def test_more_cells_than_a_page_can_use_are_not_sent():
    large = torch.empty(1, device="meta").expand(50_257, 768)
    with pytest.raises(ValueError, match="38,597,376 cells"):
        cut(large, "", "embedding.weight")
    assert cut(large, "0:64,:", "embedding.weight").shape == (64, 768)
    assert read_slices("", (), "gain") == ()


@pytest.mark.parametrize(
    "path",
    [
        "tensor",
        "strips",
        "stream",
        "lens",
        "contributions",
        "norm",
        "neurons",
        "dot",
        "histogram",
        "export",
    ],
)
def test_a_run_that_is_gone_can_be_posted_again(client, path):
    query = {"run": "0" * 24, "name": "norm", "op": "norm", "position": 0, "id": 0, "block": 0}
    answer = client.get(f"/look/{path}", params=query | {"row": 0, "col": 0})
    assert answer.status_code == 410
    assert "again" in answer.json()["hint"]


@pytest.mark.parametrize("path", ["tensor", "histogram", "export", "norm"])
def test_an_op_that_is_misspelt_is_answered_with_the_nearest(client, run, path):
    query = {"run": run, "name": "blocks.0.atention.q", "position": 0}
    answer = client.get(f"/look/{path}", params=query)
    assert answer.status_code == 400
    assert answer.json()["hint"] == f"did you mean `{Q}`?"


def test_weights_are_those_of_the_checkpoint_that_is_named(get_tensor, folders):
    for step in (0, 200):
        expected = load(folders[0], which=step).model.get_parameter(TO_Q).detach().numpy()
        np.testing.assert_array_equal(
            get_tensor("/look/weight", checkpoint=step, name=TO_Q), expected
        )
        part = get_tensor("/look/weight", checkpoint=step, name=TO_Q, at="3,:")
        np.testing.assert_array_equal(part, expected[3:4])


def test_a_tied_weight_has_both_its_names(get_tensor):
    first = get_tensor("/look/weight", model="1", name="embedding.weight")
    assert first.tobytes() == get_tensor("/look/weight", model="1", name="output.weight").tobytes()


@pytest.mark.parametrize("path", ["weight", "overview", "histogram", "export"])
def test_a_weight_that_is_misspelt_is_not_found_but_the_nearest_is_told(client, path):
    answer = client.get(f"/look/{path}", params={"name": "embeding.weight"})
    assert answer.status_code == 404
    assert answer.json()["hint"] == "did you mean `embedding.weight`?"


def test_an_overview_is_small_and_says_how_large_the_whole_is(client, get_tensor, korean):
    query = {"name": "embedding.weight", "rows": 10, "cols": 8}
    weight = korean.model.embedding.weight.detach()
    np.testing.assert_array_equal(get_tensor("/look/overview", **query), pooled(weight, 10, 8))
    told = client.get("/look/overview", params=query).headers["x-naepo-full-shape"]
    assert told == ",".join(map(str, weight.shape))
    vector = get_tensor("/look/overview", name="norm.weight")
    np.testing.assert_array_equal(vector, korean.model.norm.weight.detach().numpy()[None])


@pytest.mark.parametrize("size", [0, -1, 2049])
def test_an_overview_is_never_larger_than_a_screen(client, size):
    answer = client.get("/look/overview", params={"name": TO_Q, "rows": size})
    assert answer.status_code == 400


def test_strips_are_those_of_look(get_tensor, run, found):
    np.testing.assert_array_equal(get_tensor("/look/strips", run=run, position=2), strips(found, 2))


def test_a_histogram_is_that_of_look(client, run, found, korean):
    told = client.get("/look/histogram", params={"run": run, "name": Q}).json()
    assert told == vars(histogram(found[Q]))
    told = client.get("/look/histogram", params={"name": TO_Q}).json()
    assert told == vars(histogram(korean.model.get_parameter(TO_Q)))


def test_what_json_cannot_say_is_null_and_counted(client, run):
    query = {"run": run, "name": "blocks.0.attention.masked"}
    told = client.get("/look/histogram", params=query).json()
    assert told["inf"] > 0
    assert all(told[name] is not None for name in ("mean", "std", "min", "max"))


def test_a_csv_counts_its_rows_as_the_whole_tensor_does(client, run, found):
    query = {"run": run, "name": Q, "at": "1,2:4,0:3"}
    answer = client.get("/look/export", params=query)
    assert answer.headers["content-disposition"] == f'attachment; filename="{Q}.csv"'
    head, first, _ = answer.text.splitlines()
    assert head == "n_heads,time,d_head_0,d_head_1,d_head_2"
    counts, numbers = first.split(",")[:2], np.array(first.split(",")[2:], dtype=np.float32)
    assert counts == ["1", "2"]
    np.testing.assert_array_equal(numbers, found[Q][1, 2, :3].numpy())


def test_an_npy_opens_in_numpy_bit_for_bit(client, run, found, korean):
    answer = client.get("/look/export", params={"run": run, "name": Q, "format": "npy"})
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), found[Q].numpy())
    answer = client.get("/look/export", params={"name": TO_Q, "format": "npy"})
    weight = korean.model.get_parameter(TO_Q).detach().numpy()
    np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), weight)


def test_a_weight_in_csv_names_its_axes_out_and_in(client):
    head = client.get("/look/export", params={"name": TO_Q}).text.splitlines()[0]
    assert head.startswith("out,in_0,in_1")


def test_a_kind_of_file_that_is_not_written_here_is_refused(client, run):
    answer = client.get("/look/export", params={"run": run, "name": Q, "format": "pickle"})
    assert answer.status_code == 400
    assert "format" in answer.json()["message"]
