"""A classifier stands by itself: what becomes of its run takes nothing from it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from naepo import checkpoint
from naepo.checkpoint.manifest import entry_of, files_in, manifest_text
from naepo.classify import LearnSettings, Source, learn, load, save
from naepo.config import UserError
from naepo.encode import CharacterEncoder
from naepo.model import ModelSettings, build
from naepo.model.sibling_settings import MinGruSettings

NEW = ["정말 좋아요", "너무 지루", ""]
SHAPES = (
    ModelSettings(
        vocab_size=1, context_length=32, d_model=16, n_layers=1, n_heads=2, n_kv_heads=2, d_head=8,
        d_ff=32,
    ),
    MinGruSettings(vocab_size=1, context_length=32, d_model=16, n_layers=1),
)  # fmt: skip


def made(examples, source, kind):
    texts, labels = examples
    settings = LearnSettings(kind=kind, layer=1, pooling="mean", minutes=0.01)
    return learn(texts, labels, source, settings).classifier


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.kind)
def going_on(request, tmp_path, examples):
    """A run with four checkpoints, of which the first was taken."""
    encoder = CharacterEncoder.fit([*examples[0], *NEW])
    for step in range(1, 5):
        model = build(replace(request.param, vocab_size=encoder.vocab_size), seed=step)
        checkpoint.save(
            tmp_path / "run", step, model=model, encoder=encoder, settings={}, metrics={},
            state=None,
        )  # fmt: skip
    return tmp_path / "run"


def test_a_run_may_prune_the_checkpoint_that_a_classifier_was_made_from(
    going_on, examples, tmp_path
):
    source = Source.of(checkpoint.load(going_on, which=1))
    learnt = made(examples, source, "vectors")
    folder = save(tmp_path / "made", learnt)
    assert [path.name for path in checkpoint.prune(going_on)] and not source.folder.exists()
    again = load(folder)
    assert again.source is not None and again.source.fingerprint == source.fingerprint
    assert Source.of(_opened(again.source)).fingerprint == source.fingerprint
    np.testing.assert_array_equal(again.probabilities(NEW), learnt.probabilities(NEW))
    twice = load(save(tmp_path / "twice", again))
    np.testing.assert_array_equal(twice.probabilities(NEW), learnt.probabilities(NEW))
    with pytest.raises(UserError, match="another model than the one"):
        load(folder, run=going_on)


@pytest.mark.parametrize("kind", ["both", "kernel", "lora"])
def test_every_kind_opens_without_its_run(kind, source, examples, tmp_path, monkeypatch):
    learnt = made(examples, source, kind)
    folder = save(tmp_path / "made", learnt)
    with monkeypatch.context() as patch:
        patch.setattr("naepo.classify.keeping.checkpoint.load", _no_run)
        again = load(folder)
    np.testing.assert_allclose(again.probabilities(NEW), learnt.probabilities(NEW), atol=1e-6)


def test_a_folder_without_a_model_of_its_own_opens_its_run(run, source, examples, tmp_path):
    learnt = made(examples, source, "vectors")
    folder = save(tmp_path / "made", learnt)
    assert (folder / "model.safetensors").is_file()
    assert _place(load(folder, run=run)) == source.folder
    assert _place(load(folder)) == folder
    _as_before(folder)
    again = load(folder)
    assert _place(again) == source.folder
    np.testing.assert_allclose(again.probabilities(NEW), learnt.probabilities(NEW), atol=1e-6)


def test_character_n_grams_keep_no_model(source, examples, tmp_path):
    learnt = made(examples, source, "ngrams")
    names = files_in(save(tmp_path / "made", learnt))
    assert names == {"arrays.safetensors", "classifier.json", "grams.json", "manifest.json"}


def _place(classifier):
    return classifier.source.folder


def _no_run(place):
    raise AssertionError("the run was opened")


def _opened(source):
    return checkpoint.Checkpoint(source.folder, 0, source.model, source.encoder, {}, {})


def _as_before(folder):
    """Take the model out of a folder, as it was written before one was kept."""
    content = json.loads((folder / "classifier.json").read_text())
    del content["model"]
    (folder / "classifier.json").write_text(json.dumps(content))
    for path in (folder / "model.safetensors", *folder.glob("tokenizer*")):
        path.unlink()
    names = files_in(folder) - {"manifest.json"}
    text = manifest_text({name: entry_of(folder / name) for name in names})
    (folder / "manifest.json").write_text(text)
