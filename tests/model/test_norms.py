"""Normalisation, against its formula."""

import torch
from torch.testing import assert_close

from naepo.model.norms import LayerNorm, RMSNorm, make_norm
from naepo.model.settings import PartSettings


def vectors() -> torch.Tensor:
    return 5 * torch.randn(3, 7, 6, generator=torch.Generator().manual_seed(0)) + 2


def test_rms_norm_is_its_formula():
    norm, x = RMSNorm(6, eps=0.5), vectors()
    norm.weight.data = torch.arange(6.0)
    wanted = x / (x.square().mean(-1, keepdim=True) + 0.5).sqrt() * norm.weight
    assert_close(norm(x), wanted)


def test_layer_norm_is_its_formula():
    norm, x = LayerNorm(6, eps=0.5, has_bias=True), vectors()
    norm.weight.data, norm.bias.data = torch.arange(6.0), torch.ones(6)
    centred = x - x.mean(-1, keepdim=True)
    wanted = centred / (centred.square().mean(-1, keepdim=True) + 0.5).sqrt() * norm.weight + 1
    assert_close(norm(x), wanted)


def test_the_size_of_a_vector_is_forgotten():
    for norm in (RMSNorm(6, 1e-9), LayerNorm(6, 1e-9, has_bias=False)):
        assert_close(norm(1000 * vectors()), norm(vectors()))


def test_a_narrow_input_under_wide_weights_stays_narrow_and_close():
    for norm in (RMSNorm(6, 1e-6), LayerNorm(6, 1e-6, has_bias=True)):
        narrow = norm(vectors().bfloat16())
        assert narrow.dtype == torch.bfloat16
        assert_close(narrow.float(), norm(vectors()), rtol=0.02, atol=0.02)


def test_the_settings_choose_the_norm():
    assert isinstance(make_norm(PartSettings(), 6), RMSNorm)
    without = make_norm(PartSettings(norm="layer"), 6)
    assert isinstance(without, LayerNorm) and without.bias is None
    assert make_norm(PartSettings(norm="layer", has_bias=True), 6).bias is not None
