"""From examples to a classifier: hold a part out, try, choose, and fit the choice to everything.

What is chosen is chosen by the held-out part, which shares no text with the rest; character n-grams
alone, which need no network, always stand beside it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Int

from naepo.classify.classifier import Classifier
from naepo.classify.features import Features, VectorPart, side_by_side
from naepo.classify.linear import Linear
from naepo.classify.measures import Measures, measure
from naepo.classify.ngrams import Ngrams, needs_scikit_learn, normal
from naepo.classify.parts import KernelPart, LinearPart, NetPart, Part, blended, fit_blend
from naepo.classify.source import Source
from naepo.config import UserError, check_seed, did_you_mean
from naepo.train.readable import Real

Array = np.ndarray
Labels = Int[Array, " n"]
HeldLabels = Int[Array, " m"]
Kind = Literal["ngrams", "vectors", "both", "kernel", "tune", "lora"]
Say = Callable[[str], None]

PROBES = ("ngrams", "vectors", "both")
HELD_OUT = 0.1
MOST_HELD_OUT = 10_000
LOOKED_AT = 3_000
"""Texts on which layers and poolings are compared."""
POOLINGS = ("mean", "max", "last")
PENALTIES = (1.0, 4.0, 16.0)
"""What is tried as C of the linear maps."""
LORA_RANK = 8
EPOCHS, MOST_EPOCHS, LEAST_UPDATES = 3.0, 20.0, 300
"""A tuned copy reads the examples so often, and few of them more often, for so many updates."""


@dataclass(frozen=True, kw_only=True)
class LearnSettings:
    """What is made of the examples."""

    kind: str | None = None
    """ngrams, vectors, both (linear probes), kernel, tune (all weights) or lora; none chooses among
    the probes."""
    kernel: Any = "rbf"
    """rbf, polynomial, or a function of two tables of rows that gives k(x, y)."""
    layer: int | None = None
    """Whose states are pooled; none tries the upper ones."""
    pooling: str | None = None
    """mean, max or last; none tries all."""
    c: Real | None = None
    """The larger, the less weights are held back; none tries 1, 4 and 16 (kernel: 1)."""
    minutes: Real | None = None
    """The most time that tuning may take; none reads the examples three times."""
    held_out: Real = HELD_OUT
    """Share of the texts that choices are made by."""
    seed: int = 0
    """Decides what is held out, and all that is drawn."""

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in get_args(Kind):
            raise UserError(
                f"no classifier is called {self.kind!r}",
                hint=did_you_mean(self.kind, get_args(Kind)),
            )
        if not 0 < self.held_out < 1:
            raise UserError(f"held_out must be above 0 and below 1, got {self.held_out}")
        if self.pooling is not None and self.pooling not in POOLINGS:
            raise UserError(f"pooling must be one of {', '.join(POOLINGS)}, got {self.pooling!r}")
        if self.minutes is not None and not self.minutes > 0:
            raise UserError(f"minutes must be above 0, got {self.minutes}")
        check_seed(self.seed)


@dataclass(frozen=True, eq=False)
class Learnt:
    """A classifier, how good it is on the held-out part, and the floor beside it."""

    classifier: Classifier
    measures: Measures
    floor: Measures
    reasons: tuple[str, ...]
    floor_part: LinearPart
    """Character n-grams alone, fitted to the part that was not held out."""


@dataclass(frozen=True, eq=False)
class Data:
    """Texts, the numbers of their classes, and which of them are held out."""

    texts: list[str]
    labels: Labels
    classes: tuple[str, ...]
    is_held: Bool[Array, " n"]

    def pick(self, held: bool) -> tuple[list[str], Labels]:
        """Give the held-out part, or the rest."""
        chosen = np.flatnonzero(self.is_held == held)
        return [self.texts[place] for place in chosen], self.labels[chosen]

    @property
    def untested(self) -> list[str]:
        """The classes of which nothing is held out."""
        there = set(self.labels[self.is_held].tolist())
        return [name for number, name in enumerate(self.classes) if number not in there]


def learn(
    texts: Sequence[str],
    labels: Sequence[str],
    source: Source | None,
    settings: LearnSettings,
    say: Say = lambda line: None,
) -> Learnt:
    """Make a classifier.

    source: the run; None leaves character n-grams alone.  say: is told, in a line, what is done.

    Raises: UserError for one class only, too few examples, or settings that do not fit.
    """
    needs_scikit_learn()
    if source is not None:
        _refuse_what_the_run_has_not(source, settings)
    data = split(texts, labels, settings)
    floor = _Floor(data, settings)
    say(f"character n-grams alone: {floor.measures.accuracy:.2%} of the held-out part")
    kind = "ngrams" if source is None else settings.kind
    if kind in (None, *PROBES):
        learnt = _probe(data, source, replace(settings, kind=kind), floor, say)
    else:
        assert source is not None
        learnt = (_kernel if kind == "kernel" else _tuned)(data, source, settings, floor, say)
    if not data.untested:
        return learnt
    said = f"too rare to be held out, so that no figure tells of them: {', '.join(data.untested)}"
    say(said)
    return replace(learnt, reasons=(*learnt.reasons, said))


def _refuse_what_the_run_has_not(source: Source, settings: LearnSettings) -> None:
    """Stop before anything is learnt. Raises: UserError."""
    from naepo.embed.pooling import layer_number

    if settings.kind in ("tune", "lora"):
        _ = source.transformer
    if settings.layer is not None:
        layer_number(settings.layer, source.model.settings.n_layers)


def split(texts: Sequence[str], labels: Sequence[str], settings: LearnSettings) -> Data:
    """Hold a part of the texts out, drawn from the seed; equal texts are on one side together.

    A class of which nothing would be left is not held out.
    """
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise UserError("a classifier tells classes apart, and there is one class only")
    if len(texts) < 10:
        raise UserError(f"{len(texts)} examples are too few to learn from and to choose by")
    number = {name: place for place, name in enumerate(classes)}
    numbers = np.array([number[label] for label in labels])
    groups: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(normal(text), []).append(place)
    left = np.bincount(numbers).tolist()
    wanted = max(1, min(MOST_HELD_OUT, round(settings.held_out * len(texts))))
    held, n_held = np.zeros(len(texts), dtype=bool), 0
    each = list(groups.values())
    for group in np.random.default_rng(settings.seed).permutation(len(each)):
        places = each[group]
        taken = Counter(numbers[places].tolist())
        is_enough_left = all(left[c] - n >= min(left[c], 2) for c, n in taken.items())
        if n_held + len(places) <= wanted and is_enough_left:
            held[places] = True
            n_held += len(places)
            for c, n in taken.items():
                left[c] -= n
        if n_held == wanted:
            break
    if not n_held:
        raise UserError(
            f"nothing can be held out to choose by: {len(texts):,} examples have {len(classes):,} "
            "classes, and each needs at least three different texts",
            hint="is it the right column? --label COLUMN",
        )
    return Data(list(texts), numbers, classes, held)


class _Floor:
    """Character n-grams alone: fitted to the rest, measured on the held-out part."""

    def __init__(self, data: Data, settings: LearnSettings) -> None:
        (texts, labels), (held, held_labels) = data.pick(False), data.pick(True)
        self.ngrams = Ngrams.fit(texts)
        self.rest, self.held = self.ngrams.transform(texts), self.ngrams.transform(held)
        features = Features(None, self.ngrams)
        found = best_linear(self.rest, labels, self.held, held_labels, data, settings)
        self.linear, self.c, self.measures = found
        self.part = LinearPart(features, self.linear)


def best_linear(
    rest: Any,
    labels: Labels,
    held: Any,
    held_labels: HeldLabels,
    data: Data,
    settings: LearnSettings,
) -> tuple[Linear, Real, Measures]:
    """Fit with each penalty and give the one with the least log loss on the held-out part."""
    from naepo.classify.linear import softmax

    found = []
    for c in (settings.c,) if settings.c is not None else PENALTIES:
        linear = Linear.fit(rest, labels, len(data.classes), c)
        figures = measure(softmax(linear.scores(held)), held_labels, data.classes)
        found.append((figures.log_loss, c, linear, figures))
    _, c, linear, figures = min(found, key=lambda one: one[:2])
    return linear, c, figures


def _probe(
    data: Data, source: Source | None, settings: LearnSettings, floor: _Floor, say: Say
) -> Learnt:
    """Try the probes that may be wanted, and fit the best one to all examples."""
    tried: dict[str, tuple[Real, Measures, VectorPart | None]] = {
        "ngrams": (floor.c, floor.measures, None)
    }
    reasons = []
    if source is not None and settings.kind != "ngrams":
        layer, pooling, said = choose_vectors(data, source, settings)
        say(said)
        reasons.append(said)
        (texts, labels), (held, held_labels) = data.pick(False), data.pick(True)
        vectors = source.vectors(texts, layer, pooling)
        part = VectorPart.fit(vectors, layer, pooling)
        sides = part.scaled(vectors), part.of(held, source)
        for kind in ("vectors", "both"):
            if settings.kind in (None, kind):
                sparse = (None, None) if kind == "vectors" else (floor.rest, floor.held)
                rest, other = map(side_by_side, sides, sparse)
                _, c, figures = best_linear(rest, labels, other, held_labels, data, settings)
                tried[kind] = c, figures, part
    kind = settings.kind or max(tried, key=lambda name: tried[name][1].accuracy)
    if settings.kind is None and len(tried) > 1:
        scores = ", ".join(
            f"{name} {figures.accuracy:.2%}" for name, (_, figures, _) in tried.items()
        )
        reasons.append(f"{kind} was best on the held-out part: {scores}")
        say(reasons[-1])
    c, figures, part = tried[kind]
    final = _fit_to_all(data, source, kind, c, part)
    reasons.append(f"C {c:g}; after the choice, fitted to all {len(data.texts):,} examples")
    return Learnt(
        Classifier(kind, data.classes, (final,), (1.0,), source if kind != "ngrams" else None),
        figures,
        floor.measures,
        tuple(reasons),
        floor.part,
    )


def _fit_to_all(
    data: Data, source: Source | None, kind: str, c: Real, part: VectorPart | None
) -> LinearPart:
    vectors, scaled = None, None
    if kind != "ngrams":
        assert part is not None and source is not None
        whole = source.vectors(data.texts, part.layer, part.pooling)
        vectors = VectorPart.fit(whole, part.layer, part.pooling)
        scaled = vectors.scaled(whole)
    ngrams = None if kind == "vectors" else Ngrams.fit(data.texts)
    counted = None if ngrams is None else ngrams.transform(data.texts)
    rows = side_by_side(scaled, counted)
    return LinearPart(
        Features(vectors, ngrams), Linear.fit(rows, data.labels, len(data.classes), c)
    )


def choose_vectors(data: Data, source: Source, settings: LearnSettings) -> tuple[int, str, str]:
    """Choose layer and pooling by a probe on a sample, and say so in a sentence."""
    from naepo.embed.pooling import layer_number

    n_layers = source.model.settings.n_layers
    layers = [settings.layer] if settings.layer is not None else upper_layers(n_layers)
    layers = [layer_number(layer, n_layers) for layer in layers]
    poolings = [settings.pooling] if settings.pooling is not None else list(POOLINGS)
    if len(layers) == len(poolings) == 1:
        return layers[0], poolings[0], f"layer {layers[0]}, pooled by {poolings[0]}, as asked"
    (texts, labels), (held, held_labels) = data.pick(False), data.pick(True)
    some = _some(labels, settings.seed)
    texts, labels = [texts[place] for place in some], labels[some]
    held, held_labels = held[: LOOKED_AT // 3], held_labels[: LOOKED_AT // 3]
    scores: dict[tuple[int, str], float] = {}
    for layer in layers:
        for pooling in poolings:
            vectors = source.vectors(texts, layer, pooling)
            part = VectorPart.fit(vectors, layer, pooling)
            linear = Linear.fit(part.scaled(vectors), labels, len(data.classes), 4.0)
            named = linear.scores(part.of(held, source)).argmax(axis=1)
            scores[layer, pooling] = float((named == held_labels).mean())
    layer, pooling = max(scores, key=lambda pair: scores[pair])
    return (
        layer,
        pooling,
        (
            f"layer {layer} of {n_layers}, pooled by {pooling}, was best of {len(scores)} ways: "
            f"{scores[layer, pooling]:.2%} of {len(held):,} held-out texts, "
            f"learnt from {len(texts):,}"
        ),
    )


def upper_layers(n_layers: int) -> list[int]:
    """Give the layers that are tried: the middle one, the last, and one between them.

    >>> upper_layers(4), upper_layers(12), upper_layers(1)
    ([2, 3, 4], [6, 9, 12], [1])
    """
    middle = (n_layers + 1) // 2
    return sorted({middle, (middle + n_layers) // 2, n_layers})


def _some(labels: Labels, seed: int) -> Int[Array, " some"]:
    """Draw rows for a look, every class among them."""
    order = np.random.default_rng(seed).permutation(len(labels))
    first = {int(labels[place]): int(place) for place in order[::-1]}
    return np.array(sorted({*first.values(), *order[:LOOKED_AT].tolist()}))


def _kernel(data: Data, source: Source, settings: LearnSettings, floor: _Floor, say: Say) -> Learnt:
    from naepo.classify.kernels import KernelClassifier

    layer, pooling, said = choose_vectors(data, source, settings)
    say(said)
    (texts, labels), (held, held_labels) = data.pick(False), data.pick(True)
    vectors = source.vectors(texts, layer, pooling)
    part = VectorPart.fit(vectors, layer, pooling)
    machine = KernelClassifier(settings.kernel, c=settings.c or 1.0, seed=settings.seed)
    # In the machine's own units, where the squared length of a vector is about its width.
    machine.fit(part.scaled(vectors), labels)
    say(machine.reason_)
    made = KernelPart(part, machine)
    figures = measure(made.probabilities(held, source), held_labels, data.classes)
    classifier = Classifier("kernel", data.classes, (made,), (1.0,), source)
    return Learnt(classifier, figures, floor.measures, (said, machine.reason_), floor.part)


def _tuned(data: Data, source: Source, settings: LearnSettings, floor: _Floor, say: Say) -> Learnt:
    """Tune a copy of the GPT, and pool its opinion with that of the n-grams."""
    from naepo.classify.net import NetSettings, framed, recutting
    from naepo.classify.tuning import Examples, TuneSettings, tune

    rank = LORA_RANK if settings.kind == "lora" else None
    shape = NetSettings(n_classes=len(data.classes), lora_rank=rank)
    (texts, labels), (held, held_labels) = data.pick(False), data.pick(True)
    batch_size = min(64, max(8, len(texts) // 50))
    how = TuneSettings(
        seconds=None if settings.minutes is None else 60 * settings.minutes,
        epochs=max(EPOCHS, min(MOST_EPOCHS, LEAST_UPDATES * batch_size / len(texts))),
        batch_size=batch_size,
        lr=1e-3 if rank is None else 4e-3,
    )
    longest, end_id = source.model.settings.context_length, source.encoder.end_id

    def examples(some: Sequence[str], numbers: Labels) -> Examples:
        whole = source.encode(some)
        rows = [framed(ids, end_id, longest) for ids in whole]
        return Examples(rows, numbers, recutting(source.encoder, whole, longest))

    rest, other = examples(texts, labels), examples(held, held_labels)
    net = tune(
        source.transformer, rest, other, end_id, shape, how, seed=settings.seed,
        on_look=lambda done, loss, accuracy: say(
            f"tuning {done:4.0%}  loss {loss:.3f}  {accuracy:.2%} of the held-out part"
        ),
    )  # fmt: skip
    made: list[Part] = [NetPart(net, end_id, longest), floor.part]
    each = [part.probabilities(held, source) for part in made]
    alone = measure(each[0], held_labels, data.classes)
    weights = fit_blend(each, held_labels)
    said = (
        f"the network alone: {alone.accuracy:.2%} of the held-out part; pooled with the n-grams, "
        f"by weights {weights[0]:.2f} and {weights[1]:.2f}, learnt there; then the "
        f"n-grams are fitted to all {len(data.texts):,} examples"
    )
    say(said)
    figures = measure(blended(each, weights), held_labels, data.classes)
    parts = (made[0], _fit_to_all(data, None, "ngrams", floor.c, None))
    classifier = Classifier(str(settings.kind), data.classes, parts, weights, source)
    return Learnt(classifier, figures, floor.measures, (said,), floor.part)
