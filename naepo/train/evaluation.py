"""The honest number: the loss over a whole split, each token scored once."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from naepo.encode import Split
from naepo.model import Network
from naepo.train.loss import bits_per_byte
from naepo.train.precision import matrix_precision

TOKENS_AT_ONCE = 8_192


@dataclass(frozen=True)
class Evaluation:
    """How well a model predicts a text. All figures are over the whole text."""

    nats_per_token: float
    nats_per_character: float
    bits_per_byte: float
    perplexity: float
    n_tokens: int
    n_characters: int
    n_bytes: int
    seconds: float


def evaluate(model: Network, split: Split, *, precision: str = "fp32") -> Evaluation:
    """Score every token of a split once, in consecutive windows of the model's context.

    No window overlaps another, dropout is off, and the loss is summed in fp64. The very first token
    has no context and is scored uniformly, at ln(vocab_size).
    """
    started = time.perf_counter()
    total = total_nats(model, split.ids, precision=precision)
    n_tokens = len(split.ids)
    per_token = total / max(1, n_tokens)
    return Evaluation(
        nats_per_token=per_token,
        nats_per_character=total / max(1, split.n_characters),
        bits_per_byte=bits_per_byte(total, split.n_bytes),
        perplexity=math.exp(min(per_token, 700.0)),
        n_tokens=n_tokens,
        n_characters=split.n_characters,
        n_bytes=split.n_bytes,
        seconds=time.perf_counter() - started,
    )


@torch.inference_mode()
def total_nats(model: Network, ids: NDArray[np.integer], *, precision: str = "fp32") -> float:
    """Give the negative log-probability of all ids under the model, in nats."""
    if len(ids) == 0:
        return 0.0
    context_length = model.settings.context_length
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total = math.log(model.settings.vocab_size)
    with matrix_precision(device, precision):
        for inputs, targets in _windows(ids, context_length):
            total += _nats(model(inputs.to(device)), targets.to(device))
    model.train(was_training)
    return total


def _nats(logits: Float[Tensor, "batch time vocab"], targets: Int[Tensor, "batch time"]) -> float:
    each = F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), reduction="none")
    return float(each.double().sum())


def _windows(ids: NDArray[np.integer], context_length: int):
    """Cut ids into batches of full windows, and the rest as a batch of one shorter window."""
    n_full = (len(ids) - 1) // context_length
    rows_at_once = max(1, TOKENS_AT_ONCE // context_length)
    for first in range(0, n_full, rows_at_once):
        rows = min(rows_at_once, n_full - first)
        begin = first * context_length
        piece = torch.from_numpy(ids[begin : begin + rows * context_length + 1].astype(np.int64))
        yield piece[:-1].unflatten(0, (rows, -1)), piece[1:].unflatten(0, (rows, -1))
    rest = torch.from_numpy(ids[n_full * context_length :].astype(np.int64))
    if len(rest) > 1:
        yield rest[None, :-1], rest[None, 1:]
