"""Fine-tuning: a copy of a GPT learns the classes, by all its weights or by adapters beside them.

In: ids and labels. Out: a network with the best averaged weights met on a held-out part. What keeps
a small training set from being learnt by heart: dropout, lower rates for lower blocks, smoothed
labels, averaged weights, and a side task on the same text, which is what the GPT was trained for.
"""

import copy
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from naepo.classify.net import ClassifierNet, NetSettings, body_of, probabilities
from naepo.config import UserError
from naepo.embed.pooling import padded
from naepo.model import Transformer
from naepo.train.precision import matrix_precision
from naepo.train.readable import Real

Rows = Sequence[Sequence[int]]
Labels = Int[np.ndarray, " n"]
Recut = Callable[[Real, Sequence[int]], Rows]
OnLook = Callable[[float, float, float], None]
"""Is told the share done (0 to 1), the loss of late, and the accuracy on the held-out part."""

CHUNK = 64
"""Batches whose rows are sorted by length together: little padding, and still by chance."""


@dataclass(frozen=True, kw_only=True)
class TuneSettings:
    """How a network is tuned; it ends after `epochs` or `seconds`, whichever is first."""

    epochs: Real = 3.0
    """How often the training part is read."""
    seconds: Real | None = None
    """Time; none has no limit. Without it, equal seeds give equal weights on one thread."""
    batch_size: int = 64
    """Texts in one update."""
    lr: Real = 1e-3
    """Peak learning rate of the last block and the head (AdamW)."""
    lr_below: Real = 0.85
    """Each block, counted from the last, learns so much of the rate of the one above it (Howard
    and Ruder 2018, arXiv:1801.06146, section 3.2)."""
    dropout: Real = 0.1
    """Share of activations zeroed."""
    smoothing: Real = 0.05
    """Share of the target that is spread over all classes (Szegedy et al. 2016)."""
    side: Real = 0.3
    """Weight of the side task: the next id, or, where both ways are seen, ids that are blanked."""
    blanked: Real = 0.15
    """Share of ids that are blanked for the side task, where both ways are seen."""
    merge_dropout: Real = 0.2
    """Share of ids that are taken apart into what they were merged from, anew in each reading,
    falling to 0 over the epochs (Provilkov et al. 2020, arXiv:1910.13267)."""
    average: Real = 0.998
    """Decay of the running average of the weights; its part of the past grows from 0 to this."""
    looks: int = 6
    """How often the held-out part is scored; the best averaged weights are given."""
    precision: str = "fp32"
    """fp32 or bf16 matrix products."""

    def __post_init__(self) -> None:
        for name in ("dropout", "smoothing", "blanked", "merge_dropout", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 0 and below 1, got {getattr(self, name)}")
        if self.seconds is not None and not self.seconds > 0:
            raise UserError(f"seconds must be above 0, got {self.seconds}")
        for name in ("epochs", "batch_size", "lr", "lr_below", "looks"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} must be above 0, got {getattr(self, name)}")


@dataclass(frozen=True)
class Examples:
    """Texts as framed ids, and the number of the class of each.

    recut: the same texts in other ids, drawn anew for a share of ids and a seed, where the encoder
    knows how; none always reads `rows`.
    """

    rows: Rows
    labels: Labels
    recut: Recut | None = None


def tune(
    model: Transformer,
    train: Examples,
    held_out: Examples,
    end_id: int,
    shape: NetSettings,
    settings: TuneSettings,
    *,
    seed: int = 0,
    on_look: OnLook | None = None,
) -> ClassifierNet:
    """Give a classifier made from a copy of the model; the model stays as it was.

    The best of `looks` looks at the held-out part is given, by accuracy, then by loss.

    Raises: UserError when the loss is no number any more.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = ClassifierNet(body_of(model, settings.dropout), shape, seed)
        return _Tuning(net.to(model.embedding.weight.device), end_id, settings, seed).run(
            train, held_out, on_look
        )


class _Tuning:
    """One network being tuned: its optimizer, its averaged weights and the best of them."""

    def __init__(self, net: ClassifierNet, end_id: int, settings: TuneSettings, seed: int) -> None:
        self.net, self.end_id, self.settings, self.seed = net, end_id, settings, seed
        self.draw = np.random.default_rng(seed)
        self.optimizer = torch.optim.AdamW(_groups(net, settings), betas=(0.9, 0.98), eps=1e-8)
        self.rates = [group["lr"] for group in self.optimizer.param_groups]
        self.learning = [p for p in net.parameters() if p.requires_grad]
        self.average = copy.deepcopy(net)
        self.averaged = [p for p in self.average.parameters() if p.requires_grad]
        self.n_steps = 0
        self.best: tuple[float, float] | None = None
        self.best_weights = {name: w.clone() for name, w in net.state_dict().items()}

    def run(self, train: Examples, held_out: Examples, on_look: OnLook | None) -> ClassifierNet:
        """Update until the settings end it; look at the held-out part in between."""
        settings, began = self.settings, time.monotonic()
        per_epoch = math.ceil(len(train.rows) / settings.batch_size)
        n_steps = max(1, round(settings.epochs * per_epoch))
        looked, late, done = 0, float("nan"), 0.0
        for rows, labels in self._batches(train):
            self._set_rates(done)
            loss = self._update(rows, labels)
            late = loss if math.isnan(late) else 0.98 * late + 0.02 * loss
            done = self.n_steps / n_steps
            if settings.seconds is not None:
                done = max(done, (time.monotonic() - began) / settings.seconds)
            # The first look comes late: before the rates fall, nothing is worth keeping.
            if done >= min(1.0, (looked + 1) / settings.looks):
                looked = int(done * settings.looks)
                accuracy = self._look(held_out)
                if on_look is not None:
                    on_look(min(1.0, done), late, accuracy)
            if done >= 1:
                break
        self.net.load_state_dict(self.best_weights)
        return self.net.eval()

    def _batches(self, train: Examples) -> Iterator[tuple[Rows, Labels]]:
        """Give rows and labels for ever, each once an epoch, those of like length together."""
        size = self.settings.batch_size
        for epoch in itertools.count():
            rows = self._reading(train, epoch)
            lengths = np.array([len(row) for row in rows])
            order = self.draw.permutation(len(rows))
            batches: list[Int[np.ndarray, " rows"]] = []
            for start in range(0, len(order), CHUNK * size):
                chunk = order[start : start + CHUNK * size]
                chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
                batches += [chunk[i : i + size] for i in range(0, len(chunk), size)]
            for place in self.draw.permutation(len(batches)):
                batch = batches[place]
                yield [rows[row] for row in batch], train.labels[batch]

    def _reading(self, train: Examples, epoch: int) -> Rows:
        """Give the rows as they are read the `epoch`-th time (from 0)."""
        share = self.settings.merge_dropout * max(0.0, 1 - epoch / self.settings.epochs)
        if train.recut is None or not share:
            return train.rows
        return train.recut(share, [self.seed, epoch])

    def _update(self, rows: Rows, labels: Labels) -> float:
        net, device = self.net.train(), self.net.head.weight.device
        ids, is_read = padded(rows, self.end_id)
        classes = torch.as_tensor(labels).to(device)
        with matrix_precision(device, self.settings.precision):
            loss = self._loss(net, ids.to(device), is_read.to(device), classes)
        if not loss.isfinite():
            raise UserError(
                f"tuning diverged at step {self.n_steps}", hint="give it a lower learning rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.learning, 1.0)
        self.optimizer.step()
        self.n_steps += 1
        kept = min(self.settings.average, (1 + self.n_steps) / (10 + self.n_steps))
        with torch.no_grad():
            for mean, weight in zip(self.averaged, self.learning, strict=True):
                mean.lerp_(weight, 1 - kept)
        return loss.item()

    def _loss(
        self, net: ClassifierNet, ids: Tensor, is_read: Tensor, labels: Tensor
    ) -> Float[Tensor, ""]:
        settings, is_blank = self.settings, None
        if net.settings.both_ways and settings.side and settings.blanked:
            drawn = torch.as_tensor(self.draw.random(ids.shape, dtype=np.float32)).to(ids.device)
            is_blank = (drawn < settings.blanked) & is_read & (ids != self.end_id)
        states = net.states(ids, is_read, is_blank)
        scores = net.score(states, is_read)
        loss = F.cross_entropy(scores, labels, label_smoothing=settings.smoothing)
        if not settings.side:
            return loss
        if net.settings.both_ways:
            if is_blank is None or not is_blank.any():
                return loss
            asked, hidden = states[is_blank], ids[is_blank]
        else:
            is_next = is_read[:, 1:]
            asked, hidden = states[:, :-1][is_next], ids[:, 1:][is_next]
        guess = net.body.output(asked).float()
        return loss + settings.side * F.cross_entropy(guess, hidden)

    def _look(self, held_out: Examples) -> float:
        found = probabilities(self.average, held_out.rows, self.end_id).numpy()
        accuracy = float((found.argmax(axis=1) == held_out.labels).mean())
        of_label = found[np.arange(len(found)), held_out.labels]
        figure = accuracy, float(np.log(np.maximum(of_label, 1e-12)).mean())
        if self.best is None or figure > self.best:
            self.best = figure
            self.best_weights = {n: w.clone() for n, w in self.average.state_dict().items()}
        return accuracy

    def _set_rates(self, done: float) -> None:
        share = _warmth(done)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share


def _warmth(done: float, rise: float = 0.1) -> float:
    """Give the share of the peak rate: up along a line, down along another, never to 0.

    >>> [round(_warmth(done), 2) for done in (0.0, 0.05, 0.1, 0.55, 1.0)]
    [0.02, 0.5, 1.0, 0.51, 0.02]
    """
    if done < rise:
        return max(0.02, done / rise)
    return 0.02 + 0.98 * max(0.0, 1 - done) / (1 - rise)


def _groups(net: ClassifierNet, settings: TuneSettings) -> list[dict]:
    """Give each learning weight its rate: less, the lower it lies. Only matrices decay."""
    n_layers = net.body.settings.n_layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, weight in net.named_parameters():
        if not weight.requires_grad:
            continue
        height = n_layers
        if name.startswith("body.blocks."):
            height = 1 + int(name.split(".")[2])
        elif name.startswith(("body.embedding", "body.position")) or name == "blank":
            height = 0
        rate = settings.lr * settings.lr_below ** (n_layers - height)
        decay = 0.01 if weight.ndim >= 2 else 0.0
        groups.setdefault((rate, decay), []).append(weight)
    return [
        {"params": weights, "lr": rate, "weight_decay": decay}
        for (rate, decay), weights in groups.items()
    ]
