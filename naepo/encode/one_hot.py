"""The plainest vector for an id: all zeros and a single one."""

import numpy as np
from jaxtyping import Float32

from naepo.encode.explain import IdsLike, check_ids


def one_hot(ids: IdsLike, vocab_size: int) -> Float32[np.ndarray, "time vocab_size"]:
    """Give one row per id: 1 in the id's own column, 0 elsewhere.

    What an embedding layer computes is this matrix times its table, only without the zeros:
        one_hot(ids, vocab_size) @ table == table[ids]      bit for bit, for a finite table
    (a -0.0 comes back as 0.0: the sum it stands in begins at 0).

    Raises: UserError for an id outside [0, vocab_size).

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    known = check_ids(ids, vocab_size)
    rows = np.zeros((len(known), vocab_size), dtype=np.float32)
    rows[np.arange(len(known)), known] = 1.0
    return rows
