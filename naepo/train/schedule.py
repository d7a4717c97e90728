"""The learning rate over a run: up, level, down (warm-up, stable, decay)."""

from naepo.train.settings import ScheduleSettings


def rate(step: int, steps: int, settings: ScheduleSettings) -> float:
    """Give the share of the peak learning rate for the update number `step` of `steps`, from 0 on.

    The three phases are shares of the run (Hu et al. 2024, arXiv:2404.06395, section 4), so that a
    run of any length is shaped alike. The first update is never zero.

    >>> schedule = ScheduleSettings(warmup=0.1, decay=0.5, floor=0.0)
    >>> [round(rate(step, 10, schedule), 2) for step in range(10)]
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.4, 0.2]
    """
    warmup_steps = settings.warmup * steps
    if step + 1 < warmup_steps:
        return (step + 1) / warmup_steps
    decay_steps = settings.decay * steps
    left = steps - step
    if left >= decay_steps:
        return 1.0
    return settings.floor + (1.0 - settings.floor) * left / decay_steps
