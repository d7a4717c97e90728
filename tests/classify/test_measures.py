"""Figures of a classifier, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss

from naepo.classify.linear import softmax
from naepo.classify.measures import measure
from naepo.classify.parts import blended, fit_blend


def drawn(n=300, n_classes=3, seed=0):
    draw = np.random.default_rng(seed)
    return softmax(2 * draw.standard_normal((n, n_classes))), draw.integers(n_classes, size=n)


def test_they_are_those_of_scikit_learn():
    p, labels = drawn()
    named = p.argmax(axis=1)
    found = measure(p, labels, ["a", "b", "c"])
    assert found.accuracy == pytest.approx(accuracy_score(labels, named))
    assert found.macro_f1 == pytest.approx(f1_score(labels, named, average="macro"))
    assert found.log_loss == pytest.approx(log_loss(labels, p))
    np.testing.assert_array_equal(found.confusion, confusion_matrix(labels, named))
    assert found.majority == pytest.approx(np.bincount(labels).max() / 300)


def test_the_calibration_error_is_the_distance_of_what_is_said_from_what_is_so():
    p = np.array([[0.95, 0.05]] * 10 + [[0.35, 0.65]] * 10)
    labels = np.array([0] * 8 + [1] * 2 + [1] * 6 + [0] * 4)
    found = measure(p, labels, ["a", "b"])
    assert [(b.n, round(b.confidence, 2), b.accuracy) for b in found.reliability] == [
        (10, 0.65, 0.6), (10, 0.95, 0.8),
    ]  # fmt: skip
    assert found.calibration_error == pytest.approx((0.05 + 0.15) / 2)


def test_whoever_draws_labels_from_its_own_probabilities_is_calibrated():
    p, _ = drawn(20_000)
    draw = np.random.default_rng(1)
    labels = (draw.random((20_000, 1)) > p.cumsum(axis=1)).sum(axis=1)
    assert measure(p, labels, "abc").calibration_error < 0.02


def test_a_probability_of_zero_for_what_is_so_is_a_large_loss_and_no_infinity():
    found = measure(np.array([[1.0, 0.0]]), np.array([1]), ["a", "b"])
    assert 30 < found.log_loss < 40


def test_a_class_that_never_comes_is_left_out_of_the_mean_of_f1():
    p = np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]])
    assert measure(p, np.array([0, 1]), "abc").macro_f1 == 1.0


def test_the_pool_trusts_who_knows_and_is_never_worse_than_the_best_of_its_members():
    draw = np.random.default_rng(2)
    labels = draw.integers(2, size=2_000)
    sides = np.stack([-labels + 0.5, labels - 0.5], axis=1)
    knows = softmax(2 * sides + draw.standard_normal((2_000, 2)))
    guesses = softmax(draw.standard_normal((2_000, 2)))
    weights = fit_blend([knows, guesses], labels)
    assert weights[0] > 5 * weights[1]
    alone = min(measure(p, labels, "ab").log_loss for p in (knows, guesses))
    assert measure(blended([knows, guesses], weights), labels, "ab").log_loss <= alone + 1e-6
