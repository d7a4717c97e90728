"""Kernel machines: the same scores as scikit-learn's SVC, from arrays alone."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from naepo.classify.kernels import KernelClassifier, polynomial, rbf
from naepo.config import UserError


@pytest.fixture(scope="module")
def moons():
    return make_moons(160, noise=0.15, random_state=0)


def three(n=90):
    draw = np.random.default_rng(0)
    labels = np.arange(n) % 3
    return draw.standard_normal((n, 2)) + 3 * np.array([[0, 0], [1, 0], [0, 1]])[labels], labels


@pytest.mark.parametrize(
    ("kernel", "theirs"),
    [
        ("rbf", {"kernel": "rbf"}),
        ("polynomial", {"kernel": "poly", "coef0": 1.0}),
        (lambda x, y: x @ y.T, {"kernel": "linear"}),
    ],
)
def test_the_scores_are_those_of_scikit_learns_machine(moons, kernel, theirs):
    rows, labels = moons
    ours = KernelClassifier(kernel, gamma=0.7).fit(rows, labels)
    expected = SVC(gamma=0.7, **theirs).fit(rows, labels)
    found = ours.scores(rows)[:, 1]
    np.testing.assert_allclose(found, expected.decision_function(rows), atol=1e-6)


def test_a_curved_border_is_found_by_the_kernel_and_by_no_line(moons):
    rows, labels = moons
    curved = KernelClassifier("rbf").fit(rows, labels).predict(rows)
    straight = KernelClassifier(lambda x, y: x @ y.T).fit(rows, labels).predict(rows)
    assert (curved == labels).mean() > 0.95 > 0.92 > (straight == labels).mean()


def test_an_own_kernel_is_as_good_as_the_named_one_that_it_copies(moons):
    rows, labels = moons
    named = KernelClassifier("rbf", gamma=2.0).fit(rows, labels)
    own = KernelClassifier(rbf(2.0)).fit(rows, labels)
    np.testing.assert_allclose(own.predict_proba(rows), named.predict_proba(rows), atol=1e-3)


def test_beyond_the_limit_landmarks_stand_for_all_and_it_is_said(moons):
    rows, labels = moons
    few = KernelClassifier("rbf", gamma=2.0, limit=100, landmarks=60).fit(rows, labels)
    assert few.reason_.startswith("Nystroem: 160 rows are more than 100")
    assert KernelClassifier(limit=160).fit(rows, labels).reason_.startswith("SVC: 160 rows")
    assert len(few.points_) == 60
    assert (few.predict(rows) == labels).mean() > 0.95
    features = few._features(rows)
    np.testing.assert_allclose(features @ features.T, rbf(2.0)(rows, rows), atol=0.15)


def test_with_every_row_a_landmark_the_features_are_the_kernel_as_with_scikit_learn(moons):
    rows, labels = moons
    ours = KernelClassifier("rbf", gamma=2.0, limit=10, landmarks=160).fit(rows, labels)
    theirs = Nystroem(gamma=2.0, n_components=160, random_state=0).fit_transform(rows)
    mine = ours._features(rows)
    np.testing.assert_allclose(mine @ mine.T, theirs @ theirs.T, atol=1e-6)


@pytest.mark.parametrize("limit", [10, 1000])
def test_three_classes_have_probabilities_that_add_up_and_name_the_right_one(limit):
    rows, labels = three()
    machine = KernelClassifier(limit=limit, landmarks=40).fit(
        rows, np.array(["a", "b", "c"])[labels]
    )
    found = machine.predict_proba(rows)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (machine.predict(rows) == np.array(["a", "b", "c"])[labels]).mean() > 0.85


def test_probabilities_are_calibrated_and_not_just_scores(moons):
    rows, labels = make_moons(400, noise=0.5, random_state=1)
    machine = KernelClassifier("rbf").fit(rows[:200], labels[:200])
    p = machine.predict_proba(rows[200:])[:, 1]
    unsure = (p > 0.3) & (p < 0.7)
    assert 0.25 < labels[200:][unsure].mean() < 0.75
    assert labels[200:][p > 0.9].mean() > 0.8


def test_a_kernel_that_there_is_not_and_one_class_alone_are_refused(moons):
    rows, labels = moons
    with pytest.raises(UserError, match="did you mean `polynomial`"):
        KernelClassifier("polynom").fit(rows, labels)
    with pytest.raises(UserError, match="one class only"):
        KernelClassifier().fit(rows, np.zeros(len(rows)))


def test_the_polynomial_is_the_dot_product_of_its_explicit_features():
    draw = np.random.default_rng(3)
    x, y = draw.standard_normal((4, 2)), draw.standard_normal((3, 2))

    def explicit(rows):
        a, b = rows.T
        root = np.sqrt(2)
        return np.stack([a**2, b**2, root * a * b, root * a, root * b, np.ones(len(rows))], 1)

    np.testing.assert_allclose(polynomial(1.0, 2)(x, y), explicit(x) @ explicit(y).T)


@pytest.mark.slow
@parametrize_with_checks([KernelClassifier(), KernelClassifier("polynomial", limit=5, landmarks=8)])
def test_it_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)
