"""A GPT that fits on paper: four words, width 2, one head, one block; forward, backward, one word.

Every linear map is kept as [out, in], y = x Wᵀ, as in the rest of naepo. Vaswani et al. 2017
(arXiv:1706.03762), the decoder alone, with learned positions, RMSNorm before each branch, and ReLU.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from naepo.concepts.given import Numbers

EPS = 1e-6


@dataclass(frozen=True, eq=False, kw_only=True)
class Weights:
    """All that is learned (or the gradient of it)."""

    embedding: Float[ndarray, "vocab width"]
    position: Float[ndarray, "length width"]
    to_q: Float[ndarray, "width width"]
    to_k: Float[ndarray, "width width"]
    to_v: Float[ndarray, "width width"]
    to_out: Float[ndarray, "width width"]
    up: Float[ndarray, "hidden width"]
    down: Float[ndarray, "width hidden"]
    output: Float[ndarray, "vocab width"]

    def count(self) -> int:
        """Give how many numbers they are."""
        return sum(getattr(self, each.name).size for each in fields(self))

    def moved(self, gradient: "Weights", rate: float) -> "Weights":
        """Give W − rate · ∂L/∂W, for every W."""
        names = [each.name for each in fields(self)]
        stepped = {n: getattr(self, n) - rate * getattr(gradient, n) for n in names}
        return Weights(**stepped)


def paper_weights() -> Weights:
    """Give weights that one can reckon with by hand.

    >>> paper_weights().count()
    56
    """
    written = {
        "embedding": [[1, 0], [0, 1], [1, 1], [-1, 1]],
        "position": [[0, 0], [0.5, 0], [0, 0.5], [0.5, 0.5]],
        "to_q": [[1, 1], [0, 1]],
        "to_k": [[1, 0], [1, 1]],
        "to_v": [[1, 0], [0, 2]],
        "to_out": [[0.5, 0], [0, 0.5]],
        "up": [[1, 0], [0, 1], [1, -1], [-1, 1]],
        "down": [[1, 0, 0, 0.5], [0, 1, 0.5, 0]],
        "output": [[1, 0], [0, 1], [1, 1], [-1, 1]],
    }
    return Weights(**{name: np.array(rows, dtype=float) for name, rows in written.items()})


@dataclass(frozen=True, eq=False, kw_only=True)
class Forward:
    """Every number on the way from ids to probabilities. norms are None where there are none."""

    ids: Int[ndarray, " time"]
    embedded: Float[ndarray, "time width"]
    placed: Float[ndarray, "time width"]
    """embedded + position: the residual stream begins."""
    norm_1: Float[ndarray, "time width"]
    q: Float[ndarray, "time width"]
    k: Float[ndarray, "time width"]
    v: Float[ndarray, "time width"]
    scores: Float[ndarray, "time time"]
    """q · k / √width."""
    is_hidden: Bool[ndarray, "time time"]
    """Whether a position lies in the future."""
    shares: Float[ndarray, "time time"]
    """softmax of the scores, the future left out."""
    mixed: Float[ndarray, "time width"]
    attended: Float[ndarray, "time width"]
    """mixed · to_outᵀ."""
    residual_1: Float[ndarray, "time width"]
    norm_2: Float[ndarray, "time width"]
    up: Float[ndarray, "time hidden"]
    active: Float[ndarray, "time hidden"]
    """max(up, 0)"""
    down: Float[ndarray, "time width"]
    residual_2: Float[ndarray, "time width"]
    norm_3: Float[ndarray, "time width"]
    logits: Float[ndarray, "time vocab"]
    probabilities: Float[ndarray, "time vocab"]


def forward(ids: Numbers, weights: Weights, *, has_norm: bool = True) -> Forward:
    """Run ids through every box.

    has_norm: whether RMSNorm stands before each branch and before the output.

    >>> forward([0, 1], paper_weights(), has_norm=False).q.tolist()
    [[1.0, 0.0], [1.5, 1.0]]
    """
    ids = np.asarray(ids, dtype=int)
    embedded = weights.embedding[ids]
    placed = embedded + weights.position[: len(ids)]
    norm_1 = _norm(placed) if has_norm else placed
    q, k, v = (norm_1 @ w.T for w in (weights.to_q, weights.to_k, weights.to_v))
    scores = q @ k.T / np.sqrt(q.shape[1])
    is_hidden = np.triu(np.ones((len(ids), len(ids)), dtype=bool), 1)
    shares = softmax(np.where(is_hidden, -np.inf, scores))
    mixed = shares @ v
    attended = mixed @ weights.to_out.T
    residual_1 = placed + attended
    norm_2 = _norm(residual_1) if has_norm else residual_1
    up = norm_2 @ weights.up.T
    active = np.maximum(up, 0)
    down = active @ weights.down.T
    residual_2 = residual_1 + down
    norm_3 = _norm(residual_2) if has_norm else residual_2
    logits = norm_3 @ weights.output.T
    return Forward(
        ids=ids,
        embedded=embedded,
        placed=placed,
        norm_1=norm_1,
        q=q,
        k=k,
        v=v,
        scores=scores,
        is_hidden=is_hidden,
        shares=shares,
        mixed=mixed,
        attended=attended,
        residual_1=residual_1,
        norm_2=norm_2,
        up=up,
        active=active,
        down=down,
        residual_2=residual_2,
        norm_3=norm_3,
        logits=logits,
        probabilities=softmax(logits),
    )


def softmax(x: Float[ndarray, "... n"]) -> Float[ndarray, "... n"]:
    """Turn each row into shares that add up to 1: e^x / ∑ e^x."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _norm(x: Float[ndarray, "time width"]) -> Float[ndarray, "time width"]:
    return x / _divisor(x)


def _divisor(x: Float[ndarray, "time width"]) -> Float[ndarray, "time 1"]:
    return np.sqrt((x**2).mean(axis=-1, keepdims=True) + EPS)


@dataclass(frozen=True, eq=False)
class Update:
    """One step of training: the loss, the gradient of every weight, and the loss afterwards."""

    before: Forward
    targets: Int[ndarray, " time"]
    picked: Float[ndarray, " time"]
    """The probability of each target."""
    loss: float
    """Mean of −ln picked, in nats."""
    d_logits: Float[ndarray, "time vocab"]
    """(probabilities − one-hot target) / time."""
    gradient: Weights
    weights: Weights
    """After the step."""
    after: Forward
    loss_after: float


def update(ids: Numbers, weights: Weights, rate: float) -> Update:
    """Train once on a text: each id is to be followed by the next one.

    >>> found = update([0, 1, 2, 3], paper_weights(), rate=0.5)
    >>> found.loss_after < found.loss
    True
    """
    ids = np.asarray(ids, dtype=int)
    before, targets = forward(ids[:-1], weights), ids[1:]
    at = np.arange(len(targets))
    picked = before.probabilities[at, targets]
    d_logits = before.probabilities.copy()
    d_logits[at, targets] -= 1
    d_logits /= len(targets)
    gradient = backward(before, weights, d_logits)
    stepped = weights.moved(gradient, rate)
    after = forward(ids[:-1], stepped)
    losses = [_loss(run.probabilities[at, targets]) for run in (before, after)]
    return Update(before, targets, picked, losses[0], d_logits, gradient, stepped, after, losses[1])


def _loss(picked: Float[ndarray, " time"]) -> float:
    with np.errstate(divide="ignore"):
        return float(-np.log(picked).mean())


def backward(run: Forward, w: Weights, d_logits: Float[ndarray, "time vocab"]) -> Weights:
    """Send the gradient of the logits back through every box, the last one first."""
    d_x2 = _norm_back(run.residual_2, d_logits @ w.output)
    d_up = (d_x2 @ w.down) * (run.up > 0)
    d_x1 = d_x2 + _norm_back(run.residual_1, d_up @ w.up)
    d_mixed = d_x1 @ w.to_out
    d_shares = d_mixed @ run.v.T
    d_scores = run.shares * (d_shares - (d_shares * run.shares).sum(axis=1, keepdims=True))
    d_scores /= np.sqrt(run.q.shape[1])
    d_q, d_k, d_v = d_scores @ run.k, d_scores.T @ run.q, run.shares.T @ d_mixed
    d_norm_1 = d_q @ w.to_q + d_k @ w.to_k + d_v @ w.to_v
    d_x0 = d_x1 + _norm_back(run.placed, d_norm_1)
    d_embedding, d_position = np.zeros_like(w.embedding), np.zeros_like(w.position)
    np.add.at(d_embedding, run.ids, d_x0)
    d_position[: len(run.ids)] = d_x0
    return Weights(
        embedding=d_embedding,
        position=d_position,
        to_q=d_q.T @ run.norm_1,
        to_k=d_k.T @ run.norm_1,
        to_v=d_v.T @ run.norm_1,
        to_out=d_x1.T @ run.mixed,
        up=d_up.T @ run.norm_2,
        down=d_x2.T @ run.active,
        output=d_logits.T @ run.norm_3,
    )


def _norm_back(
    x: Float[ndarray, "time width"], d_y: Float[ndarray, "time width"]
) -> Float[ndarray, "time width"]:
    """Send a gradient back through RMSNorm: its share along x is taken off."""
    divisor = _divisor(x)
    y = x / divisor
    return (d_y - y * (y * d_y).mean(axis=-1, keepdims=True)) / divisor


@dataclass(frozen=True, eq=False)
class Drawn:
    """One step of generation: from the last position's logits to one id."""

    logits: Float[ndarray, " vocab"]
    scaled: Float[ndarray, " vocab"]
    """logits / temperature."""
    probabilities: Float[ndarray, " vocab"]
    cumulated: Float[ndarray, " vocab"]
    dice: float
    id: int
    """The first whose cumulated probability is above the dice."""


def draw(logits: Numbers, temperature: float, dice: float) -> Drawn:
    """Draw the next id with a number between 0 and 1.

    >>> draw([0, 0, 0, 0], 1.0, 0.6).id
    2
    """
    logits = np.asarray(logits, dtype=float)
    scaled = logits / temperature
    probabilities = softmax(scaled)
    cumulated = np.cumsum(probabilities)
    id = min(int((cumulated <= dice).sum()), len(logits) - 1)
    return Drawn(logits, scaled, probabilities, cumulated, dice, id)
