"""The ids of a model as points, and who is near whom."""

from pathlib import Path

import numpy as np
import pytest
import torch

from naepo import checkpoint
from naepo.config import UserError, to_table
from naepo.encode import DataSettings, prepare
from naepo.look.embedding_map import embedding_map, frequencies, neighbours, norms, rows_of
from naepo.reduce import PCA
from naepo.train.at_hand import corpus_at_hand


@pytest.fixture
def trained_on(tmp_path: Path, make_model):
    """Save a model beside the corpus of a text; give the opened checkpoint and the corpus."""

    def save(text: str):
        source = tmp_path / "text.txt"
        source.write_text(text, encoding="utf-8")
        corpus = prepare(DataSettings(sources=(str(source),), encoder="characters"))
        model = make_model("qwen3")
        plan = {"corpus": corpus.fingerprint, "corpus_folder": str(corpus.folder)}
        folder = checkpoint.save(
            tmp_path / "run",
            1,
            model=model,
            encoder=corpus.encoder,
            settings={"model": to_table(model.settings), "plan": plan},
            metrics={},
            state=None,
        )
        source.unlink()
        return checkpoint.load(folder), corpus

    return save


def test_the_map_is_that_of_the_rows_of_the_table_that_was_asked_for(make_model):
    model = make_model("qwen3")
    for table, weight in (("embedding", model.embedding.weight), ("output", model.output.weight)):
        found = embedding_map(model, table=table)
        expected = PCA.fit(weight).transform(weight)
        np.testing.assert_allclose(found.points, expected, atol=1e-5)


def test_a_map_by_tsne_takes_its_perplexity_and_its_seed(make_model):
    model = make_model("gpt2")
    first = embedding_map(model, "tsne", perplexity=5, seed=1)
    assert np.array_equal(first.points, embedding_map(model, "tsne", perplexity=5, seed=1).points)
    assert not np.array_equal(first.points, embedding_map(model, "tsne", perplexity=9).points)


def test_tied_tables_are_one(make_model):
    model = make_model("llama")
    assert torch.equal(rows_of(model, "output"), rows_of(model, "embedding"))


def test_neighbours_are_those_of_all_dimensions_nearest_first(make_model):
    model = make_model("qwen3")
    rows = model.embedding.weight.detach().double()
    cosines = torch.cosine_similarity(rows[7][None], rows)
    expected = [int(id) for id in cosines.argsort(descending=True) if id != 7][:5]
    found = neighbours(model, 7, 5)
    assert [one.id for one in found] == expected
    for one in found:
        assert one.cosine == pytest.approx(float(cosines[one.id]), abs=1e-9)
        assert one.distance == pytest.approx(float((rows[7] - rows[one.id]).norm()))


def test_an_id_is_no_neighbour_of_itself_even_beside_its_twins(make_model):
    model = make_model("qwen3")
    with torch.no_grad():
        model.embedding.weight[[3, 30, 50]] = model.embedding.weight[20].clone()
    assert [one.id for one in neighbours(model, 30, 3)] == [3, 20, 50]
    assert len(neighbours(model, 30, 100)) == 59


def test_a_row_of_zeros_points_nowhere(make_model):
    model = make_model("qwen3")
    with torch.no_grad():
        model.embedding.weight[4] = 0
    assert {one.cosine for one in neighbours(model, 4, 59)} == {0.0}
    assert next(one for one in neighbours(model, 5, 59) if one.id == 4).cosine == 0.0


def test_norms_are_the_lengths_of_the_rows(make_model):
    model = make_model("qwen3")
    torch.testing.assert_close(norms(model), model.embedding.weight.detach().norm(dim=1))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"id": 60}, "ids 0 to 59"),
        ({"id": -1}, "ids 0 to 59"),
        ({"id": 1, "top": 0}, "at least 1"),
        ({"id": 1, "table": "ouput"}, "did you mean `output`"),
    ],
)
def test_what_the_model_does_not_have_is_refused(make_model, asked, said):
    with pytest.raises(UserError, match=said):
        neighbours(make_model("qwen3"), **asked)


def test_frequencies_count_the_training_part_alone_also_of_ids_that_the_encoder_lacks(
    trained_on, monkeypatch
):
    monkeypatch.setattr("naepo.look.embedding_map.IDS_AT_ONCE", 7)
    loaded, corpus = trained_on("나는 학교에 갔다. " * 40)
    found = frequencies(loaded)
    assert found is not None
    expected = np.bincount(np.asarray(corpus.train.ids), minlength=60)
    assert found.tolist() == expected.tolist()
    assert int(found.sum()) == len(corpus.train.ids)
    assert found[corpus.encoder.encode("나")[0]] == 36


def test_a_corpus_that_is_gone_or_another_is_not_at_hand_and_nothing_is_made_anew(trained_on):
    loaded, corpus = trained_on("나는 학교에 갔다. " * 40)
    assert corpus_at_hand(loaded) is not None
    loaded.settings["plan"]["corpus"] = "0" * 64
    assert corpus_at_hand(loaded) is None
    loaded.settings["plan"]["corpus"] = corpus.fingerprint
    (corpus.folder / "train.ids").unlink()
    assert corpus_at_hand(loaded) is None
    assert not (corpus.folder / "train.ids").exists()


def test_a_checkpoint_without_a_plan_has_no_frequencies(trained_on):
    loaded, _ = trained_on("나는 학교에 갔다. " * 40)
    del loaded.settings["plan"]
    assert frequencies(loaded) is None
