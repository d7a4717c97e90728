"""Few numbers for many: they are those of the tensor, and what is not finite is counted apart."""

import math
import time

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from naepo.config import UserError
from naepo.look import statistics as look_statistics
from naepo.look import trace
from naepo.look.statistics import all_statistics, histogram, pooled, statistics, strips
from naepo.model import ModelSettings, build

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_statistics_are_those_of_the_numbers(dtype):
    values = (3 * torch.randn(4, 8, 25) + 1).to(dtype)
    found, exact = statistics(values), values.double()
    assert found.norm == pytest.approx(float(exact.norm()), rel=1e-5)
    assert found.mean == pytest.approx(float(exact.mean()), rel=1e-5)
    assert found.std == pytest.approx(float(exact.std(correction=0)), rel=1e-5)
    assert (found.min, found.max) == (float(values.min()), float(values.max()))
    assert (found.nan, found.inf) == (0, 0)


def test_what_is_not_finite_is_counted_and_left_out():
    values = torch.tensor([[1.0, NAN, 3.0], [INF, -INF, NAN]])
    found = statistics(values)
    assert (found.nan, found.inf) == (2, 2)
    assert (found.min, found.max, found.mean, found.std) == (1.0, 3.0, 2.0, 1.0)
    assert found.norm == pytest.approx(math.sqrt(10))


@pytest.mark.parametrize("values", [torch.tensor([]), torch.tensor([NAN, INF])])
def test_nothing_finite_has_no_mean(values):
    found = statistics(values)
    assert math.isnan(found.mean)
    assert math.isnan(found.min)
    assert found.norm == 0
    assert found.nan + found.inf == len(values)


def test_a_small_spread_round_a_large_mean_is_not_lost():
    values = torch.linspace(1000.0, 1000.5, 101)
    assert statistics(values).std == pytest.approx(float(values.double().std(correction=0)), 1e-4)


def test_numbers_whose_squares_overflow_have_a_norm():
    found = statistics(torch.tensor([3e30, -4e30]))
    assert found.norm == pytest.approx(5e30, rel=1e-5)


def test_long_tensors_are_read_in_parts(monkeypatch):
    values = torch.randn(1000)
    values[77] = NAN
    whole = statistics(values), histogram(values)
    monkeypatch.setattr(look_statistics, "CELLS_AT_ONCE", 64)
    again = statistics(values)
    assert again.std == pytest.approx(whole[0].std)
    assert histogram(values).counts == whole[1].counts


def test_every_op_of_a_trace_has_its_statistics(any_model):
    found = trace(any_model, IDS)
    told = all_statistics(found)
    assert list(told) == list(found)
    for name, each in told.items():
        finite = found[name][found[name].isfinite()]
        assert each.norm == pytest.approx(float(finite.norm()), rel=1e-4, abs=1e-6), name
        assert each.inf == found[name].numel() - finite.numel()


def test_statistics_of_a_trace_are_quick():
    """64 ids on a 4×128 model, every op: 5 ms is the aim; the bound leaves room for a busy CPU."""
    model = build(ModelSettings(vocab_size=500, context_length=64))
    found = trace(model, range(64))
    all_statistics(found)
    seconds = []
    for _ in range(5):
        began = time.process_time()
        all_statistics(found)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.05


def test_a_histogram_counts_every_number_once():
    values = torch.randn(5000)
    values[:4] = torch.tensor([NAN, INF, -INF, 1e6])
    found = histogram(values)
    assert len(found.edges) == 65
    assert (found.n, found.nan, found.inf, found.outliers) == (5000, 1, 2, 1)
    assert sum(found.counts) == 5000 - 4


def test_a_histogram_without_outliers_reaches_from_the_lowest_to_the_highest():
    values = torch.rand(1000)
    found = histogram(values)
    assert (found.edges[0], found.edges[-1]) == (float(values.min()), float(values.max()))
    expected, _ = np.histogram(values.double().numpy(), bins=np.array(found.edges))
    assert found.counts == expected.tolist()


@pytest.mark.parametrize(
    "values",
    [
        torch.full((9,), 2.5),
        torch.zeros(9),
        torch.tensor([1.0 + 2**-52] * 4 + [1.0] * 5, dtype=torch.float64),
    ],
    ids=["equal", "zero", "one step apart"],
)
def test_a_histogram_of_equal_numbers_has_a_width(values):
    found = histogram(values)
    assert found.edges[0] < float(values.min()) <= float(values.max()) < found.edges[-1]
    assert sum(found.counts) == 9


def test_a_histogram_of_nothing_finite_is_empty():
    found = histogram(torch.tensor([NAN, INF]))
    assert sum(found.counts) == 0
    assert (found.nan, found.inf, found.outliers) == (1, 1, 0)


@pytest.mark.parametrize("shape", [(10, 7), (1, 1), (3, 200), (64, 64), (129, 65)])
@pytest.mark.parametrize(("rows", "cols"), [(4, 3), (64, 64), (1, 1)])
def test_a_pooled_matrix_holds_of_each_bin_what_is_farthest_from_zero(shape, rows, cols):
    matrix = torch.randn(shape)
    found = pooled(matrix, rows, cols)
    assert found.shape == (min(rows, shape[0]), min(cols, shape[1]))
    n, m = found.shape
    for i in range(n):
        for j in range(m):
            bin = matrix[
                i * shape[0] // n : (i + 1) * shape[0] // n,
                j * shape[1] // m : (j + 1) * shape[1] // m,
            ].flatten()
            assert found[i, j] == bin[bin.abs().argmax()]


def test_a_bin_with_a_nan_is_nan_and_infinity_wins():
    matrix = torch.tensor([[1.0, NAN, -INF, 5.0, 2.0, -2.0]])
    assert_close(pooled(matrix, 1, 3), torch.tensor([[NAN, -INF, 2.0]]), equal_nan=True)


def test_strips_show_every_op_at_one_position(any_model):
    found = trace(any_model, IDS)
    shown = strips(found, 5)
    assert shown.shape == (len(found.ops), 64)
    for op, strip in zip(found.ops, shown, strict=True):
        whole = found[op.name].select(op.axes.index("time"), 5)
        if op.axes[-1] == "seen":
            whole = whole.mean(0)
        whole = whole.flatten()
        assert_close(strip[: len(whole)], whole, msg=op.name)
        assert strip[len(whole) :].isnan().all(), op.name


def test_wide_ops_are_pooled_into_their_strip(make_model):
    found = trace(make_model("gpt2"), IDS)
    shown = strips(found, 2, width=6)
    n = [op.name for op in found.ops].index("logits")
    expected = pooled(found["logits"][2:3], 1, 6)[0]
    assert_close(shown[n], expected)


def test_strips_of_a_position_that_does_not_exist_are_refused(make_model):
    with pytest.raises(UserError, match="positions 0 to 7"):
        strips(trace(make_model("gpt2"), IDS), 8)
