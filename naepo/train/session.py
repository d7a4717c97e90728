"""Beginning a run and going on with one: everything from files of text to the last checkpoint."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from naepo import __version__, checkpoint
from naepo.config import Table, UserError, from_table, merge, to_table, to_toml
from naepo.encode import Corpus, DataSettings, Split, encode_held_out, prepare
from naepo.encode.corpus import open_corpus
from naepo.encode.embedded import NAMES
from naepo.model import Network, build
from naepo.model.kinds import settings_table
from naepo.train.floors import Floors, floors
from naepo.train.machine import choose_device, describe_machine
from naepo.train.metrics import MetricsLog, read_metrics
from naepo.train.plan import Budget, make_plan
from naepo.train.progress import Progress
from naepo.train.reading import windows_of
from naepo.train.run import Outcome, Run, Sample
from naepo.train.settings import TrainSettings
from naepo.train.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a run needs beside its settings: where it shows itself, and how it writes a sample."""

    progress: Progress
    sample: Sample
    device: str | None = None
    tensorboard: bool = False
    started: float
    """When the command began, on `time.perf_counter`'s clock: --minutes counts from there."""


def begin(
    folder: Path, data: DataSettings, wishes: Table, budget: Budget, around: Surroundings
) -> Outcome:
    """Train from files of text, into a new run folder.

    wishes: the tables `model` and `train` of recipe and flags.

    Raises: UserError for anything in files, flags or folder that a person can mend.
    """
    refuse_if_used(folder)
    device = choose_device(around.device)
    deadline = None if budget.minutes is None else around.started + 60 * budget.minutes
    with checkpoint.RunLock(folder):
        (folder / "metrics.jsonl").unlink(missing_ok=True)  # of a try that never saved
        data = replace(data, sources=tuple(map(_absolute, data.sources)))
        corpus = _prepare(data, around.progress)
        counted = _floors(corpus)
        plan = make_plan(budget, corpus, wishes, device=device, deadline=deadline)
        for reason in plan.reasons:
            around.progress.say(reason)
        settings = {
            "about": {"naepo": __version__, "budget": str(budget)},
            "data": to_table(data),
            "model": settings_table(plan.model),
            "train": to_table(plan.train),
            "plan": {
                "reasons": list(plan.reasons),
                "corpus": corpus.fingerprint,
                "corpus_folder": str(corpus.folder),
                "machine": describe_machine(device),
            },
        }
        _write_settings(folder, settings)
        model = build(plan.model, seed=plan.train.seed).to(device)
        return _assemble(folder, settings, corpus, counted, model, plan.train, around).go()


def resume(folder: Path, minutes: float | None, around: Surroundings) -> Outcome:
    """Go on with a run from its newest good checkpoint, bit for bit as if never stopped.

    minutes: None finishes the plan; a number replaces what is left of it by that much time.

    Raises: UserError when there is nothing to go on with, or text or encoder have changed.
    """
    if not (folder / "naepo.toml").is_file():
        raise UserError(f"{folder} holds no run", hint="naepo train ... --out " + str(folder))
    with checkpoint.RunLock(folder):
        newest = checkpoint.newest(folder, on_broken=around.progress.say)
        if newest is None:
            raise UserError(
                f"{folder} has no checkpoint to go on from",
                hint=f"train again: naepo train --recipe {folder / 'naepo.toml'} --out ANOTHER",
            )
        loaded = checkpoint.load(newest)
        settings = dict(loaded.settings)
        corpus = _same_corpus(newest, settings, loaded.encoder.fingerprint, around.progress)
        train = from_table(TrainSettings, settings["train"], str(newest / "naepo.toml"), "train")
        began_at = None
        if minutes is not None:
            train, began_at = _longer(folder, train, loaded.step, minutes, corpus, loaded.model)
            settings["train"] = to_table(train)
            _write_settings(folder, settings)
        if loaded.step >= train.steps:
            raise UserError(
                f"the plan of {folder} is done: {train.steps:,} steps",
                hint=f"naepo resume {folder} --minutes 10 to go on beyond it",
            )
        model = loaded.model.to(choose_device(around.device))
        run = _assemble(folder, settings, corpus, _floors(corpus), model, train, around)
        run.restore(newest, began_at=began_at)
        around.progress.say(f"going on from step {loaded.step:,} of {train.steps:,}")
        return run.go()


def held_out(
    loaded: checkpoint.Checkpoint, sources: tuple[str, ...], *, encoding: str | None = None
) -> tuple[Split, Floors | None]:
    """Give the text to score a checkpoint on, and its floors counted on the run's training text.

    Without sources it is the run's own held-out part. The floors are None where the training text
    is not at hand any more.

    Raises: UserError when there is no text to score.
    """
    corpus = _own_corpus(loaded)
    if not sources:
        if corpus is None or not len(corpus.validation.ids):
            raise UserError(
                f"the text that {loaded.folder} was trained on is not at hand",
                hint="name a text to score: naepo evaluate RUN held-out.txt",
            )
        return corpus.validation, _floors(corpus)
    table = {"sources": sources, "encoding": encoding}
    own = {**loaded.settings.get("data", {}), **{k: v for k, v in table.items() if v}}
    data = from_table(DataSettings, own, "naepo.toml", "data")
    split = encode_held_out(sources, loaded.encoder, data)
    if corpus is None:
        return split, None
    texts = [part.text_file.read_text(encoding="utf-8") for part in (corpus.train, split)]
    return split, floors(*texts, unit=loaded.encoder.unit)


def _own_corpus(loaded: checkpoint.Checkpoint) -> Corpus | None:
    """The text a checkpoint was trained on, if its files are there and still what they were."""
    if "data" not in loaded.settings:
        return None
    data = from_table(DataSettings, loaded.settings["data"], "naepo.toml", "data")
    try:
        if "-" in data.sources:
            return open_corpus(Path(loaded.settings["plan"]["corpus_folder"]))
        corpus = prepare(data)
    except UserError:
        return None
    return corpus if corpus.fingerprint == loaded.settings["plan"]["corpus"] else None


def refuse_if_used(folder: Path) -> None:
    """Raise a UserError when a folder already holds a run, or is no folder."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, expected a folder or nothing", hint="--out ANOTHER")
    saved = folder / "checkpoints"
    if saved.is_dir() and any(saved.iterdir()):
        raise UserError(
            f"{folder} already holds a run",
            hint=f"naepo resume {folder} to go on with it, or --out with another name",
        )


def _assemble(
    folder: Path,
    settings: dict[str, Any],
    corpus: Corpus,
    counted: Floors,
    model: Network,
    train: TrainSettings,
    around: Surroundings,
) -> Run:
    windows = windows_of(corpus, model.settings.context_length, train)
    board = folder / "tensorboard" if around.tensorboard else None
    return Run(
        folder=folder,
        settings=settings,
        corpus=corpus,
        trainer=Trainer(model, windows, train),
        floors=counted,
        log=MetricsLog(folder / "metrics.jsonl", tensorboard=board),
        progress=around.progress,
        sample=around.sample,
        started=around.started,
    )


def _absolute(source: str) -> str:
    """Write a path or glob from the root, so that a run can be resumed from any folder.

    >>> _absolute("-"), _absolute("/a/*.txt")
    ('-', '/a/*.txt')
    """
    if source == "-" or source in NAMES:
        return source
    return str(Path.cwd() / source)


def _prepare(data: DataSettings, progress: Progress) -> Corpus:
    corpus = prepare(data, on_progress=progress.phase)
    for note in corpus.notes:
        progress.say(note)
    return corpus


def _same_corpus(
    folder: Path, settings: Table, encoder_fingerprint: str, progress: Progress
) -> Corpus:
    """Prepare the run's own text again, and refuse it when it is not what it was.

    folder: of the checkpoint, whose own encoder is used if the choice would now be another.
    """
    data = from_table(DataSettings, settings["data"], "naepo.toml", "data")
    if "-" in data.sources:  # what came through a pipe lies in the cache alone
        return open_corpus(Path(settings["plan"]["corpus_folder"]))
    corpus = _prepare(data, progress)
    if corpus.encoder.fingerprint != encoder_fingerprint:
        own = folder / "tokenizer.json"  # a newer naepo may choose otherwise
        with suppress(UserError):
            corpus = prepare(replace(data, encoder=str(own)))
    if corpus.fingerprint != settings["plan"]["corpus"]:
        raise UserError(
            f"the text has changed since this run began: {', '.join(data.sources)}",
            hint="train a new run, or bring back the text as it was",
        )
    return corpus


def _longer(
    folder: Path,
    train: TrainSettings,
    step: int,
    minutes: float,
    corpus: Corpus,
    model: Network,
) -> tuple[TrainSettings, int]:
    """Replace what is left of a plan by `minutes` more, at the pace that was logged."""
    if not minutes > 0:
        raise UserError(f"--minutes must be above 0, got {minutes}")
    rows = [row for row in read_metrics(folder / "metrics.jsonl") if row["kind"] == "step"]
    tokens = train.batch_size * train.accumulate * model.settings.context_length
    speeds = sorted(row["tokens_per_second"] for row in rows) or [tokens]
    more = max(1, int(60 * minutes * speeds[len(speeds) // 2] / tokens))
    rhythm = {
        "steps": step + more,
        "evaluate_every": max(1, min(train.evaluate_every, more // 4)),
        "save_every": max(1, min(train.save_every, more // 4)),
    }
    table = merge(to_table(train), rhythm)
    return from_table(TrainSettings, table, "naepo.toml", "train"), step


def _floors(corpus: Corpus) -> Floors:
    """Count the floors once for a corpus; they lie beside its ids."""
    kept = corpus.folder / "floors.json"
    if kept.is_file():
        return Floors.from_table(json.loads(kept.read_text(encoding="utf-8")))
    texts = [
        split.text_file.read_text(encoding="utf-8") for split in (corpus.train, corpus.validation)
    ]
    found = floors(*texts, compress=False, unit=corpus.encoder.unit)
    part = kept.with_suffix(f".{time.time_ns()}.part")
    part.write_text(json.dumps(found.to_table()), encoding="utf-8")
    part.replace(kept)
    return found


def _write_settings(folder: Path, settings: Table) -> None:
    part = folder / "naepo.toml.part"
    part.write_text(to_toml(settings), encoding="utf-8")
    part.replace(folder / "naepo.toml")
