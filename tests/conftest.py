"""Every test begins with the same random state, one thread, and a cache of its own."""

import random

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("naepo", deadline=None)  # a busy machine is no broken law
settings.load_profile("naepo")


@pytest.fixture(autouse=True)
def _same_start(tmp_path_factory, monkeypatch):
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - other people's code may read it
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
