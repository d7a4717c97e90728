"""The transformer's siblings, for the dial; sizes and rates are those of LOG.md."""

from typing import Any

from naepo.config import Table
from naepo.model.sibling_settings import CnnSettings, MinGruSettings, RnnSettings, SiblingSettings
from naepo.train.family import Family, feed_forward_width

TOKENS_PER_WEIGHT = 3.0
"""Half of what a transformer's weight should see: through autograd they read fewer tokens in a
minute, and learn more from each (LOG.md)."""


def _around(asked: Table, width_of_mixer: float) -> dict[str, Any]:
    d_model = asked["d_model"]
    d_hidden = max(8, round(d_model * width_of_mixer / 8) * 8)
    return {"d_hidden": d_hidden, "d_ff": feed_forward_width(d_model)}


def _words(s: SiblingSettings) -> str:
    widths = f"{s.d_model} and {s.d_hidden}"
    return f"{s.n_layers} layers of width {widths}, windows of {s.context_length}"


def _of_cnn(s: CnnSettings) -> str:
    return (
        f"{_words(s)}; convolutions of {s.kernel_size} inputs up to "
        f"{max(map(s.dilation, range(s.n_layers)))} apart see {s.receptive_field:,} ids back"
    )


RNN = Family(
    ladder=(
        (64, 1, 64), (64, 2, 64), (96, 2, 64), (128, 2, 64), (192, 2, 64), (256, 2, 128),
        (384, 2, 128), (512, 3, 128), (768, 3, 256), (1024, 4, 256),
    ),
    weights=17,
    fill=lambda asked: _around(asked, 1.0),
    words=_words,
    efficiency=0.5,
    tokens_per_weight=TOKENS_PER_WEIGHT,
)  # fmt: skip
MINGRU = Family(
    ladder=(
        (64, 2, 64), (64, 4, 128), (96, 4, 128), (128, 3, 128), (128, 4, 128), (192, 4, 128),
        (192, 6, 256), (256, 6, 256), (384, 8, 512), (512, 8, 512), (768, 12, 1024),
        (1024, 16, 1024),
    ),
    weights=15,
    fill=lambda asked: _around(asked, 1.5),
    words=_words,
    efficiency=0.5,
    tokens_per_weight=TOKENS_PER_WEIGHT,
)  # fmt: skip
CNN = Family(
    ladder=(
        (64, 3, 64), (64, 5, 128), (96, 5, 128), (128, 4, 128), (128, 5, 128), (192, 6, 128),
        (192, 8, 256), (256, 8, 256), (384, 9, 512), (512, 10, 512), (768, 12, 1024),
        (1024, 16, 1024),
    ),
    weights=13,
    fill=lambda asked: _around(asked, 1.0),
    words=_of_cnn,
    efficiency=0.6,
    tokens_per_weight=TOKENS_PER_WEIGHT,
)  # fmt: skip
SIBLINGS = {RnnSettings.kind: RNN, MinGruSettings.kind: MINGRU, CnnSettings.kind: CNN}
