"""Sentence vectors keep scikit-learn's contract, as far as it can be asked of texts."""

import warnings

import numpy as np
import pytest

from naepo import checkpoint
from naepo.config import UserError
from naepo.encode import CharacterEncoder
from tests.embed.melodies import small_model

pytest.importorskip("sklearn")
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from naepo.embed.estimator import SentenceEncoder

TEXTS = ["good film", "bad film", "good day", "bad day", "so good", "so bad"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    encoder = CharacterEncoder.fit(TEXTS)
    model = small_model(encoder.vocab_size)
    checkpoint.save(folder, 1, model=model, encoder=encoder, settings={}, metrics={}, state=None)
    return folder


with warnings.catch_warnings():
    # Those that hand over tables of numbers cannot be asked of texts; scikit-learn leaves them out.
    warnings.simplefilter("ignore", SkipTestWarning)
    CHECKS = parametrize_with_checks([SentenceEncoder()])


@CHECKS
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_it_is_a_step_of_a_pipeline_and_can_be_cloned(run):
    pipeline = make_pipeline(SentenceEncoder(run, width=4), LogisticRegression())
    found = pipeline.fit(TEXTS, [1, 0, 1, 0, 1, 0]).predict(TEXTS)
    assert found.shape == (6,)
    step = clone(pipeline[0]).set_params(width=2)
    with pytest.raises(NotFittedError):
        step.transform(TEXTS)
    vectors = step.fit_transform(TEXTS)
    assert vectors.shape == (6, 2) == (6, len(step.get_feature_names_out()))
    np.testing.assert_allclose(step.transform(TEXTS[:2]), vectors[:2], atol=1e-6)
    with pytest.raises(UserError, match="put it into a list"):
        step.fit("one text")
    with pytest.raises(UserError, match="expected texts, got NoneType"):
        step.transform(["a", None])
    with pytest.raises(UserError, match="expected texts, got int"):
        step.fit([1, 2])
