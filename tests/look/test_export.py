"""What is taken along are the same numbers."""

import csv
import io

import numpy as np
import pytest
import torch

from naepo.config import UserError
from naepo.look import trace
from naepo.look.export import to_csv, to_npy

IDS = [3, 1, 4, 1, 5, 9, 2, 6]


def read(text: str) -> tuple[list[str], list[list[str]]]:
    header, *rows = csv.reader(io.StringIO(text))
    return header, rows


def test_every_number_of_a_trace_comes_back_from_both_files(any_model):
    found = trace(any_model, IDS)
    for op in found.ops:
        values = found[op.name]
        assert np.array_equal(np.load(io.BytesIO(to_npy(values))), values.numpy()), op.name
        header, rows = read(to_csv(values, op.axes))
        n = values.ndim - 1
        assert header[:n] == list(op.axes[:-1])
        assert header[n:] == [f"{op.axes[-1]}_{i}" for i in range(values.shape[-1])]
        cells = np.array([row[n:] for row in rows], dtype=np.float32)
        assert np.array_equal(cells, values.flatten(0, -2).numpy()), op.name


def test_rows_are_labelled_by_where_they_stand_in_the_whole():
    part = torch.arange(12.0).reshape(2, 3, 2)
    header, rows = read(to_csv(part, ("n_heads", "time", "seen"), (1, 10, 4)))
    assert header == ["n_heads", "time", "seen_4", "seen_5"]
    assert rows[0] == ["1", "10", "0.0", "1.0"]
    assert rows[-1] == ["2", "12", "10.0", "11.0"]


def test_what_is_not_finite_is_written_so_that_it_reads_back():
    text = to_csv(torch.tensor([float("nan"), float("inf"), -float("inf"), 0.1]), ("d_ff",))
    assert text == "d_ff_0,d_ff_1,d_ff_2,d_ff_3\nnan,inf,-inf,0.1\n"


def test_one_number_alone_is_a_table_too():
    assert to_csv(torch.tensor(0.25), ()) == "value\n0.25\n"


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.float64, np.float64),
        (torch.float16, np.float16),
        (torch.bfloat16, np.float32),
        (torch.int64, np.int64),
    ],
)
def test_the_type_stays_where_numpy_has_it(dtype, expected):
    values = torch.arange(6).reshape(2, 3).to(dtype)
    found = np.load(io.BytesIO(to_npy(values.T)), allow_pickle=False)
    assert found.dtype == expected
    assert np.array_equal(found, values.T.float().numpy())


def test_a_name_with_a_comma_stays_one_column():
    header, _ = read(to_csv(torch.zeros(1, 2), ('a,"b"', "c")))
    assert header == ['a,"b"', "c_0", "c_1"]


def test_axes_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="2 axes, got names for 1"):
        to_csv(torch.zeros(2, 2), ("time",))
