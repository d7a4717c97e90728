"""torch's embedding beside one-hot times the same table: the bits compared, the time measured."""

import time
from collections.abc import Callable

from naepo.learn.blocks import Table
from naepo.learn.chapter import Step
from naepo.learn.fields import Given
from naepo.learn.words import w

VOCABULARY, WIDTH, IDS, TIMES = 5000, 64, 32, 5


def lookup(given: Given) -> Step:
    """Compare both ways on the largest table of this page."""
    import torch
    import torch.nn.functional as F
    from torch import nn

    generator = torch.Generator().manual_seed(0)
    table = torch.randn(VOCABULARY, WIDTH, generator=generator)
    ids = torch.randint(VOCABULARY, (IDS,), generator=generator)
    layer = nn.Embedding.from_pretrained(table)
    with torch.inference_mode():
        rows = layer(ids)
        product = F.one_hot(ids, VOCABULARY).float() @ table
        equal = int((rows.view(torch.int32) == product.view(torch.int32)).sum())
        slow = seconds(lambda: F.one_hot(ids, VOCABULARY).float() @ table)
        fast = seconds(lambda: layer(ids))
    rows_of_table = [[w("way_product"), 1e6 * slow], [w("way_lookup"), 1e6 * fast]]
    return Step(
        key="lookup_measured",
        shows=(Table(head=(w("way"), w("microseconds")), rows=rows_of_table),),
        says={
            "vocabulary": VOCABULARY,
            "width": WIDTH,
            "ids": IDS,
            "equal": equal,
            "all": rows.numel(),
            "times": slow / fast,
        },
    )


def seconds(what: Callable[[], object]) -> float:
    """Give the shortest of some times."""
    found = []
    for _ in range(TIMES):
        began = time.perf_counter()
        what()
        found.append(time.perf_counter() - began)
    return min(found)
