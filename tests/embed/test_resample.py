"""A sound at another rate is the same sound."""

import pytest
import torch

from naepo.config import UserError
from naepo.embed.resample import resample


def sine(hz, rate, seconds=0.5):
    return torch.sin(
        2 * torch.pi * hz * torch.arange(int(rate * seconds), dtype=torch.float64) / rate
    )


@pytest.mark.parametrize(
    ("rate", "new_rate"), [(44_100, 22_050), (48_000, 22_050), (16_000, 24_000)]
)
@pytest.mark.parametrize("hz", [100, 1000, 5000])
def test_a_sine_stays_what_it_is(rate, new_rate, hz):
    found = resample(sine(hz, rate).float(), rate, new_rate)
    expected = sine(hz, new_rate).float()
    assert found.shape == expected.shape
    middle = slice(new_rate // 20, -new_rate // 20)
    assert (found - expected)[middle].abs().max() < 1e-3


def test_what_the_lower_rate_cannot_hold_is_silent():
    found = resample(sine(12_500, 44_100).float(), 44_100, 22_050)
    assert found[1000:-1000].abs().max() < 1e-3


@pytest.mark.parametrize("n", [1, 2, 99, 1000])
def test_no_sample_is_lost(n):
    sound = torch.ones(n)
    assert len(resample(sound, 44_100, 22_050)) == -(-n // 2)
    assert len(resample(sound, 22_050, 44_100)) == 2 * n
    assert resample(sound, 22_050, 22_050) is sound


def test_rates_that_cannot_be_are_refused():
    for rate, new_rate in ((0, 22_050), (44_100, -1), (22_051, 22_050)):
        with pytest.raises(UserError):
            resample(torch.ones(5), rate, new_rate)
