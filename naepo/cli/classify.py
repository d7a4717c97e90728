"""`naepo classify`: learn classes from a table, and name those of another: CSV in, CSV out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from tyro.conf import Positional

from naepo.cli.arguments import Arguments, parse
from naepo.config import UserError

if TYPE_CHECKING:
    from naepo.classify import Classifier, Learnt, Measures
    from naepo.classify.table import Examples, Table


@dataclass(frozen=True, kw_only=True)
class Train(Arguments):
    """Learn to tell classes apart from a table with texts and labels."""

    run: Positional[Path]
    """A run's folder, one checkpoint, or a Hugging Face folder; it is not changed."""
    table: Positional[Path]
    """A .csv or .tsv file (.gz and .xz too), with a header."""
    text: str = "text"
    """The column with the texts."""
    label: str = "label"
    """The column with the classes."""
    out: Path
    """Where to keep the classifier, with the model that it reads texts with."""
    kind: Literal["ngrams", "vectors", "both", "kernel", "tune", "lora"] | None = None
    """A linear probe of character n-grams, of the model's vectors, or of both; a kernel machine on
    vectors; a copy of the model, tuned whole or by low-rank adapters. Default: the best probe."""
    kernel: Literal["rbf", "polynomial"] = "rbf"
    """Of --kind kernel."""
    layer: int | None = None
    """Whose states are pooled. Default: the best of the upper ones."""
    pooling: str | None = None
    """mean, max or last. Default: the best one."""
    minutes: float | None = None
    """The most time for --kind tune or lora. Default: reading the examples three times or more."""
    test: Path | None = None
    """Another table with the same columns, to score on."""
    picture: Path | None = None
    """An .svg file for the confusion matrix and how far the probabilities can be trusted."""
    skip_unlabelled: bool = False
    """Leave out rows without a label, instead of stopping at them."""
    encoding: str = "utf-8"
    """How the tables are encoded."""
    seed: int = 0
    """Decides what is held out, and all that is drawn."""
    checkpoint: str = "best"
    """best, last, or a step."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


@dataclass(frozen=True, kw_only=True)
class Classify(Arguments):
    """Give each row of a table its class and the probability of each. To learn: classify train."""

    classifier: Positional[Path]
    """The folder that `naepo classify train` has made."""
    table: Positional[Path]
    """A .csv or .tsv file; all its columns are given back."""
    text: str | None = None
    """The column with the texts. Default: as in training."""
    out: Path | None = None
    """A .csv or .tsv file. Default: standard output."""
    why: bool = False
    """Add a column with the words that decided."""
    run: Path | None = None
    """The run that it was made from, to be read in place of what the classifier keeps of it."""
    encoding: str = "utf-8"
    """How the table is encoded."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""


def main(arguments: list[str]) -> int:
    """Parse, then learn or name."""
    if arguments[:1] == ["train"]:
        return _train(parse(Train, "classify train", arguments[1:]))
    return _classify(parse(Classify, "classify", arguments))


def _train(asked: Train) -> int:
    examples, test = _examples(asked)
    _refuse_places(asked.out, asked.picture)
    from naepo.classify import LearnSettings, Source, learn
    from naepo.cli.opening import open_model
    from naepo.train.machine import choose_device

    opened = open_model(asked.run, asked.checkpoint)
    source = Source.of(opened)
    opened.model.to(choose_device(asked.device))
    if examples.n_empty:
        _say(f"{examples.n_empty:,} texts are empty; they are kept")
    settings = LearnSettings(
        kind=asked.kind, kernel=asked.kernel, layer=asked.layer, pooling=asked.pooling,
        minutes=asked.minutes, seed=asked.seed,
    )  # fmt: skip
    learnt = learn(examples.texts, examples.labels, source, settings, _say)
    n_unknown = sum(map(source.holds_unknown, examples.texts))
    if n_unknown:
        _say(f"{n_unknown:,} texts hold what the encoder does not know: read without it")
    learnt.classifier.about.update(
        text=asked.text, label=asked.label, reasons=list(learnt.reasons),
        n_examples=len(examples.texts),
    )  # fmt: skip
    _keep(asked.out, learnt)
    size = sum(path.stat().st_size for path in asked.out.iterdir()) / 1e6
    _say(
        f"kept in {asked.out} ({size:,.1f} MB); name the classes of others: "
        f"naepo classify {asked.out} new.csv"
    )
    _tell(asked, learnt, test)
    return 0


def _examples(asked: Train) -> "tuple[Examples, Examples | None]":
    """Read the table that is learnt from, and the one that is tested on."""
    from naepo.classify.table import read_examples

    read = {"encoding": asked.encoding, "skip_unlabelled": asked.skip_unlabelled}
    examples = read_examples(asked.table, asked.text, asked.label, **read)
    if asked.test is None:
        return examples, None
    classes = {*examples.labels}
    return examples, read_examples(asked.test, asked.text, asked.label, learnt=classes, **read)


def _tell(asked: Train, learnt: "Learnt", test: "Examples | None") -> None:
    """Print the figures, score on the table to test on, and draw."""
    from naepo.classify.report import in_words, write_picture

    print(in_words(learnt))
    if test is not None:
        learnt = _score(learnt, test.texts, test.labels)
        _keep(asked.out, learnt)
        print("\n" + in_words(learnt, str(asked.test)))
    if asked.picture is not None:
        write_picture(asked.picture, learnt.measures)


def _keep(out: Path, learnt: "Learnt") -> None:
    from naepo.classify import save
    from naepo.classify.report import page

    about = learnt.classifier.about
    about["figures"] = _figures(learnt.measures)
    about["floor"] = _figures(learnt.floor)
    save(out, learnt.classifier, page(out.name, learnt))


def _figures(m: "Measures") -> dict[str, Any]:
    names = ("n", "accuracy", "macro_f1", "log_loss", "calibration_error", "majority")
    return {name: getattr(m, name) for name in names}


def _score(learnt: "Learnt", texts: list[str], labels: list[str]) -> "Learnt":
    """Measure on a table of its own, whose labels are all among the classes."""
    import numpy as np

    from naepo.classify import Learnt, measure

    classifier = learnt.classifier
    number = {name: place for place, name in enumerate(classifier.classes)}
    numbers = np.array([number[label] for label in labels])
    measures = measure(classifier.probabilities(texts), numbers, classifier.classes)
    floor = measure(learnt.floor_part.probabilities(texts, None), numbers, classifier.classes)
    return Learnt(classifier, measures, floor, learnt.reasons, learnt.floor_part)


def _classify(asked: Classify) -> int:
    from naepo.classify.table import open_table

    with_table = open_table(asked.table, asked.encoding)
    from naepo.classify import load
    from naepo.train.machine import choose_device

    classifier = load(asked.classifier, run=asked.run, device=str(choose_device(asked.device)))
    at_text = with_table.place(asked.text or classifier.about["text"], "--text")
    n = n_empty = n_unknown = 0
    source = classifier.source
    with _opened(asked.out, with_table.is_tsv) as (file, is_tsv):
        from naepo.classify.table import TableWriter

        new = ["predicted", *(f"p({name})" for name in classifier.classes)]
        writer = TableWriter(file, with_table.columns, [*new, "why"] if asked.why else new, is_tsv)
        for row, named, each in _named(with_table, at_text, classifier):
            cells = [named, *(f"{p:.6g}" for p in each)]
            if asked.why:
                cells.append(_why(classifier, row[at_text]))
            writer.write(row, cells)
            n, n_empty = n + 1, n_empty + (not row[at_text].strip())
            n_unknown += source is not None and source.holds_unknown(row[at_text])
    empty = f", {n_empty:,} of them empty" if n_empty else ""
    _say(f"{n:,} texts{empty}" + (f", written to {asked.out}" if asked.out else ""))
    if n_unknown:
        _say(f"{n_unknown:,} hold what the encoder does not know: read without it")
    return 0


def _named(
    table: "Table", at_text: int, classifier: "Classifier"
) -> Iterator[tuple[list[str], str, list[float]]]:
    """Give each row with its class and probabilities; few rows are held at once."""
    waiting: list[list[str]] = []

    def texts() -> Iterator[str]:
        for line, row in table.rows:
            waiting.append(row)
            yield table.text(line, row, at_text)

    for named, each in classifier.stream(texts()):
        yield waiting.pop(0), named, each.tolist()


def _why(classifier: "Classifier", text: str) -> str:
    words = [word for word in classifier.explain(text, 5) if word.lead > 0]
    return " ".join(f"{word.text} {word.lead:+.2f}" for word in words)


@contextmanager
def _opened(out: Path | None, is_tsv: bool) -> Iterator[tuple[IO[str], bool]]:
    """Give where to write, and whether as .tsv; a file appears whole or not at all."""
    if out is None:
        yield sys.stdout, is_tsv
        return
    if out.suffix.lower() not in (".csv", ".tsv"):
        raise UserError(f"cannot write {out}: expected a name that ends in .csv or .tsv")
    from naepo.render.files import whole

    with whole(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        yield file, out.suffix.lower() == ".tsv"


def _refuse_places(out: Path, picture: Path | None) -> None:
    """Stop before the work, not after it, where something cannot be written."""
    from naepo.classify.keeping import refuse_place
    from naepo.classify.report import refuse_picture

    refuse_place(out)
    if picture is None:
        return
    if out.resolve() in picture.resolve().parents:
        raise UserError(
            f"{picture} lies in the classifier's folder, where every file is verified",
            hint="name a place beside it: --picture FILE.svg",
        )
    refuse_picture(picture)


def _say(line: str) -> None:
    print(line, file=sys.stderr)
