import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from naepo.config import UserError
from naepo.encode.one_hot import one_hot

ids_below_13 = st.lists(st.integers(0, 12), max_size=20)


@given(ids_below_13)
def test_each_row_has_a_single_one_in_the_column_of_its_id(ids):
    rows = one_hot(ids, 13)
    assert rows.dtype == np.float32
    assert rows.shape == (len(ids), 13)
    assert rows.sum() == len(ids)
    assert rows.argmax(axis=1).tolist() == ids


@given(ids_below_13, st.integers(0, 2**32 - 1), st.sampled_from([1e-30, 1.0, 1e30]))
@settings(deadline=None)
def test_one_hot_times_a_table_is_the_embedding_bit_for_bit(ids, seed, scale):
    random = np.random.default_rng(seed)
    table = (random.standard_normal((13, 5)) * scale).astype(np.float32)
    product = one_hot(ids, 13) @ table
    assert product.tobytes() == table[ids].tobytes()

    embedding = torch.nn.Embedding.from_pretrained(torch.from_numpy(table))
    looked_up = embedding(torch.tensor(ids, dtype=torch.int64))
    assert product.tobytes() == looked_up.numpy().tobytes()


@pytest.mark.parametrize("wrong", [-1, 3])
def test_an_id_outside_the_vocabulary_is_refused(wrong):
    with pytest.raises(UserError, match=f"got {wrong} at position 1, expected 0 to 2"):
        one_hot([0, wrong], 3)
