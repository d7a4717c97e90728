"""What a model of each kind costs beside its weights: the numbers that are kept."""

from functools import singledispatch

from naepo.model.settings import LanguageModelSettings, ModelSettings
from naepo.model.sibling_settings import (
    CnnSettings,
    MinGruSettings,
    RnnSettings,
    SiblingSettings,
)


@singledispatch
def kept_numbers(settings: LanguageModelSettings) -> int:
    """Count the numbers that the backward pass needs again, for one id, on a CPU without compiling.

    Every linear map keeps its input, attention q, k, v, its result and one sum per head, the
    feed-forward what its activation needs, the loss the log-probabilities. A LayerNorm keeps its
    input; an RMSNorm what it has normalised as well.
    """
    raise NotImplementedError(settings.kind)


@kept_numbers.register
def _(s: ModelSettings) -> int:
    d_query, d_key = s.n_heads * s.d_head, s.n_kv_heads * s.d_head
    norm = s.d_model * (3 if s.parts.norm == "rms" else 2)
    attention = 2 * d_query + 2 * d_key + s.n_heads
    if s.parts.has_qk_norm:  # and its contiguous result is copied when the heads are merged
        attention += 2 * (d_query + d_key) + d_query
    mlp = s.d_ff * {"swiglu": 4, "gelu": 2, "relu2": 2}[s.parts.mlp]
    return s.n_layers * (2 * norm + attention + mlp) + norm + s.vocab_size


def _kept_around(s: SiblingSettings, mixer: int) -> int:
    """Count what a sibling keeps, of which `mixer` in each mixer."""
    norm = 3 * s.d_model
    return s.n_layers * (2 * norm + mixer + 4 * s.d_ff) + norm + s.vocab_size


@kept_numbers.register
def _(s: RnnSettings) -> int:
    return _kept_around(s, 6 * s.d_hidden)  # four gates, the cell, the state


@kept_numbers.register
def _(s: MinGruSettings) -> int:
    # the inputs side by side; of the gate, the candidate and the scan seven tensors
    return _kept_around(s, s.kernel_size * s.d_model + 7 * s.d_hidden)


@kept_numbers.register
def _(s: CnnSettings) -> int:
    # the inputs side by side; the value, the gate, their product
    return _kept_around(s, s.kernel_size * s.d_model + 3 * s.d_hidden)


@singledispatch
def cached_numbers(settings: LanguageModelSettings) -> int:
    """Count what writing keeps of every single id that was read."""
    return 0


@cached_numbers.register
def _(s: ModelSettings) -> int:
    return 2 * s.n_layers * s.n_kv_heads * s.d_head


@singledispatch
def state_numbers(settings: LanguageModelSettings) -> int:
    """Count what writing keeps of a text, however much was read."""
    return 0


@state_numbers.register
def _(s: RnnSettings) -> int:
    return s.n_layers * 2 * s.d_hidden


@state_numbers.register
def _(s: MinGruSettings) -> int:
    return s.n_layers * (s.d_hidden + (s.kernel_size - 1) * s.d_model)


@state_numbers.register
def _(s: CnnSettings) -> int:
    return (s.receptive_field - 1) * s.d_model
