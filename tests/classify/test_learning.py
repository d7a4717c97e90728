"""From examples to a folder and back: the choice, the floor beside it, the words that decided."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from naepo import checkpoint
from naepo.classify import LearnSettings, learn, load, save
from naepo.classify.classifier import Classifier
from naepo.classify.features import Features, VectorPart
from naepo.classify.learning import Data, choose_vectors, split
from naepo.classify.linear import Linear, softmax
from naepo.classify.ngrams import Ngrams, normal
from naepo.classify.parts import LinearPart
from naepo.classify.source import Source
from naepo.config import UserError
from naepo.model import build
from naepo.model.sibling_settings import MinGruSettings

NEW = ["정말 재밌다 영화", "최악 ▣ unknown", "", "a\tb  c"]
KINDS = ("ngrams", "vectors", "both", "kernel", "tune", "lora")


@pytest.fixture(scope="module")
def learnt(run, examples):
    """Give what each kind learns, made once."""
    made = {}

    def of(kind):
        if kind not in made:
            source = Source.of(checkpoint.load(run))
            settings = LearnSettings(kind=kind, pooling="mean", layer=1, minutes=0.02)
            made[kind] = learn(*examples, source, settings)
        return made[kind]

    return of


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_learns_gives_probabilities_and_is_the_same_when_opened_again(
    learnt, kind, tmp_path
):
    found = learnt(kind)
    classifier = found.classifier
    assert found.measures.accuracy > 0.9
    assert found.floor.accuracy > 0.9
    p = classifier.probabilities(NEW)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert classifier.predict(NEW[:2]) == ["good", "bad"]
    again = load(save(tmp_path / "kept", classifier))
    np.testing.assert_allclose(again.probabilities(NEW), p, atol=1e-6)
    assert again.classes == ("bad", "good")


@pytest.mark.parametrize("kind", ["both", "tune"])
def test_n_grams_are_fitted_to_all_examples_in_the_end(learnt, examples, kind):
    part = learnt(kind).classifier.parts[-1]
    assert part.features.ngrams.grams == Ngrams.fit(examples[0]).grams
    assert learnt(kind).floor_part.features.ngrams.grams != part.features.ngrams.grams


def test_a_folder_holds_no_pickle_and_a_changed_byte_is_found(learnt, tmp_path):
    folder = save(tmp_path / "kept", learnt("both").classifier)
    assert {path.suffix for path in folder.iterdir()} == {".json", ".safetensors"}
    arrays = folder / "arrays.safetensors"
    content = bytearray(arrays.read_bytes())
    content[-1] ^= 1
    arrays.write_bytes(content)
    with pytest.raises(UserError, match=r"arrays.safetensors has changed"):
        load(folder)


def test_another_run_is_refused_and_one_that_moved_is_named(learnt, tmp_path, run, source):
    folder = save(tmp_path / "kept", learnt("vectors").classifier)
    about = json.loads((folder / "classifier.json").read_text())
    assert about["run"].startswith(str(run)) and about["fingerprint"] == source.fingerprint
    with torch.no_grad():
        source.model.embedding.weight[0, 0] += 1
    other = tmp_path / "other"
    checkpoint.save(
        other, 1, model=source.model, encoder=source.encoder, settings={}, metrics={}, state=None
    )
    with pytest.raises(UserError, match="another model than the one"):
        load(folder, run=other)
    with pytest.raises(UserError, match=r"is not at .*nowhere"):
        load(folder, run=tmp_path / "nowhere")
    assert load(folder, run=run).predict(NEW[:1]) == ["good"]


def test_a_tuned_network_stands_alone_and_character_ngrams_do_too(learnt, tmp_path):
    for kind in ("tune", "ngrams"):
        folder = save(tmp_path / kind, learnt(kind).classifier)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("naepo.classify.keeping.checkpoint.load", _no_run)
            assert load(folder).predict(NEW[:1]) == ["good"]


def _no_run(place):
    raise AssertionError("the run was opened")


def test_the_run_is_never_changed(learnt, run):
    before = Source.of(checkpoint.load(run)).fingerprint
    for kind in ("tune", "lora"):
        assert learnt(kind).classifier.source.fingerprint == before
    own = learnt("lora").classifier.source.model.state_dict()
    for name, weight in checkpoint.load(run).model.state_dict().items():
        assert torch.equal(own[name], weight), name


def test_adapters_are_small_and_kept_without_the_weights(learnt, tmp_path):
    from naepo.checkpoint.tensors import read_tensors

    folder = save(tmp_path / "kept", learnt("lora").classifier)
    names = [n for n in read_tensors(folder / "arrays.safetensors") if n.startswith("0.")]
    assert any(name.endswith("to_q.down") for name in names)
    assert all("base" not in name and "embedding" not in name for name in names)


def test_an_own_kernel_is_used_and_asked_for_again(run, examples, tmp_path):
    def cosine(x, y):
        return x @ y.T / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(y, axis=1)

    settings = LearnSettings(kind="kernel", kernel=cosine, pooling="mean", layer=0)
    found = learn(*examples, Source.of(checkpoint.load(run)), settings)
    folder = save(tmp_path / "kept", found.classifier)
    with pytest.raises(UserError, match="a kernel of your own"):
        load(folder)
    again = load(folder, kernel=cosine)
    np.testing.assert_allclose(
        again.probabilities(NEW), found.classifier.probabilities(NEW), atol=1e-6
    )


@pytest.mark.parametrize(
    "text", ["감동 영화  12편 최악", "감동\n\n\n영화 최악\n", "漢字漢 감동  최악"]
)
@pytest.mark.parametrize("kind", ["ngrams", "vectors", "both"])
def test_words_add_up_exactly_where_all_is_linear(source, examples, kind, text):
    texts, labels = examples
    numbers = np.array([label == "good" for label in labels]).astype(int)
    vectors = None
    if kind != "ngrams":
        vectors = VectorPart.fit(source.vectors(texts, 1, "mean"), 1, "mean")
    features = Features(vectors, None if kind == "vectors" else Ngrams.fit(texts))
    linear = Linear.fit(features.of(texts, source), numbers, 2, 4.0)
    part = LinearPart(features, linear)
    classifier = Classifier(kind, ("bad", "good"), (part,), (1.0,), source)
    words = classifier.explain(text, 100)
    assert {word.text for word in words} == set(text.split())
    assert all(word.how == "exact" and text[word.begin :].startswith(word.text) for word in words)
    if kind == "vectors":  # what the encoder does not know says nothing
        assert all((word.lead == 0) == (word.text == "漢字漢") for word in words)
    p = classifier.probabilities([text])[0]
    lead = abs(float(np.log(p[1]) - np.log(p[0])))
    sign = 1 if p[1] > p[0] else -1
    alone = linear.bias + _of_the_mean(vectors, linear)
    spaces = _of_spaces(classifier, text)
    base = sign * float(alone[1] - alone[0])
    assert sum(word.lead for word in words) + spaces + base == pytest.approx(lead, abs=1e-6)


def _of_the_mean(vectors, linear):
    """Give what taking the mean of the training vectors off does to the scores."""
    if vectors is None:
        return np.zeros(2)
    standard, width = vectors.standard, len(vectors.standard.mean)
    off = -standard.mean / standard.deviation / np.sqrt(width)
    return off @ linear.weights[:width]


def _of_spaces(classifier, text):
    """Give what the spaces between the words say: all, asked as one word, less the words."""
    from naepo.classify import words

    winner, second = np.argsort(-classifier.probabilities([text])[0])[:2].tolist()
    part, source = classifier.parts[0], classifier.source
    features = part.features
    lead = part.linear.weights[:, winner] - part.linear.weights[:, second]
    dense, sparse = lead[: features.n_dense], lead[features.n_dense :]
    every = 0.0
    if features.ngrams is not None:
        every += words._of_ngrams(features.ngrams, normal(text), sparse).sum()
    if features.vectors is not None:
        every += words._of_positions(features.vectors, text, dense, source).sum()
    return float(every - words._exact(part, text, winner, second, source).sum())


def test_the_word_that_tells_the_class_decides_and_for_others_by_leaving_it_out(learnt):
    for kind, how in (("ngrams", "exact"), ("kernel", "without"), ("tune", "without")):
        first = learnt(kind).classifier.explain("12편 영화 최악")[0]
        assert (first.text, first.how) == ("최악", how)
    assert learnt("ngrams").classifier.explain("   ") == []


def test_equal_texts_are_on_one_side_and_every_class_stays_in_the_rest():
    texts = [f"text {number % 30}" for number in range(90)] + ["rare 1", "rare 2"]
    labels = ["a", "b", "a"] * 30 + ["c", "c"]
    data = split(texts, labels, LearnSettings(held_out=0.3))
    (rest, left), (held, _) = data.pick(False), data.pick(True)
    assert not set(rest) & set(held) and len(held) > 15
    assert set(left.tolist()) == {0, 1, 2}
    again = split(texts, labels, LearnSettings(held_out=0.3))
    np.testing.assert_array_equal(data.is_held, again.is_held)


def test_a_class_too_rare_to_be_held_out_is_named(source, examples):
    texts, labels = [*examples[0], "드문 하나", "드문 둘"], [*examples[1], "rare", "rare"]
    said = []
    found = learn(texts, labels, None, LearnSettings(kind="ngrams"), said.append)
    assert any("too rare to be held out" in line and line.endswith("rare") for line in said)
    assert found.reasons[-1] == said[-1]


def test_a_column_of_numbers_as_labels_is_refused_at_once():
    texts = [f"text {number}" for number in range(60_000)]
    began = time.process_time()
    with pytest.raises(UserError, match="60,000 examples have 60,000 classes"):
        split(texts, texts, LearnSettings())
    assert time.process_time() - began < 20  # it took time by the square: minutes


def test_what_a_run_cannot_do_is_said_before_anything_is_learnt(source, examples):
    said = []
    with pytest.raises(UserError, match="layer must be from"):
        learn(*examples, source, LearnSettings(layer=99), said.append)
    sibling = build(MinGruSettings(vocab_size=9, context_length=8, d_model=8, n_layers=1), seed=1)
    with pytest.raises(UserError, match="only a transformer can be tuned"):
        learn(*examples, replace(source, model=sibling), LearnSettings(kind="tune"), said.append)
    assert not said


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": float("nan")}, {"seed": -1}])
def test_settings_that_are_none_are_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        LearnSettings(**wrong)


def test_the_default_is_the_best_probe_and_says_why(run, examples):
    said = []
    source = Source.of(checkpoint.load(run))
    found = learn(*examples, source, LearnSettings(layer=1, pooling="mean"), said.append)
    assert found.classifier.kind in ("ngrams", "vectors", "both")
    assert any("was best on the held-out part: ngrams" in line for line in said)


def test_layer_and_pooling_are_chosen_by_what_is_held_out(run, examples):
    class Marked(Source):
        def vectors(self, texts, layer, pooling):
            found = np.random.default_rng(0).standard_normal((len(texts), 4)).astype(np.float32)
            if (layer, pooling) == (2, "max"):
                found[:, 0] = [
                    9 if any(w in t for w in ("좋", "최고", "재", "감", "great")) else -9
                    for t in texts
                ]
            return found

    source = Marked(checkpoint.load(run).model, checkpoint.load(run).encoder, run)
    texts, labels = examples
    data = split(texts, labels, LearnSettings(held_out=0.3))
    layer, pooling, said = choose_vectors(data, source, LearnSettings())
    assert (layer, pooling) == (2, "max") and "layer 2 of 2, pooled by max, was best of 6" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda: LearnSettings(kind="tuned"), "did you mean `tune`"),
        (lambda: LearnSettings(pooling="sum"), "mean, max, last, got 'sum'"),
        (lambda: LearnSettings(held_out=1), "held_out must be above 0 and below 1"),
        (lambda: split(["a"] * 20, ["x"] * 20, LearnSettings()), "one class only"),
        (lambda: split(["a", "b"], ["x", "y"], LearnSettings()), "2 examples are too few"),
        (lambda: split(["a"] * 20, ["x", "y"] * 10, LearnSettings()), "nothing can be held out"),
    ],
)
def test_what_cannot_be_learnt_is_said(change, said):
    with pytest.raises(UserError, match=said):
        change()


def test_a_model_of_music_is_told_apart(run):
    from dataclasses import replace

    loaded = checkpoint.load(run)
    encoder = type("Events", (type(loaded.encoder),), {"unit": "event"})
    loaded.encoder.__class__ = encoder
    with pytest.raises(UserError, match="a model of music, and what is classified here is text"):
        Source.of(replace(loaded, encoder=loaded.encoder))


def test_texts_of_nothing_are_refused_by_those_who_count():
    with pytest.raises(UserError, match="every text is empty"):
        Ngrams.fit(["", ""])


def test_a_folder_with_something_else_is_not_overwritten(learnt, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds something else"):
        save(tmp_path, learnt("ngrams").classifier)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    with pytest.raises(UserError, match="holds no classifier"):
        load(tmp_path)


def test_softmax_of_two_halves_is_the_logistic_of_scikit_learn(examples):
    from sklearn.linear_model import LogisticRegression

    texts, labels = examples
    rows = Ngrams.fit(texts).transform(texts)
    numbers = np.array([label == "good" for label in labels]).astype(int)
    ours = softmax(Linear.fit(rows, numbers, 2, 1.0).scores(rows))
    theirs = LogisticRegression(C=1.0, max_iter=300).fit(rows, numbers).predict_proba(rows)
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_data_that_is_held_out_is_not_in_the_rest():
    data = Data(["a", "b", "c"], np.array([0, 1, 0]), ("x", "y"), np.array([False, True, False]))
    assert data.pick(True)[0] == ["b"] and data.pick(False)[0] == ["a", "c"]
