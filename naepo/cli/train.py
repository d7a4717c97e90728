"""`naepo train`: from files of text to a trained model."""

from dataclasses import dataclass, field, make_dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from naepo.cli.arguments import Arguments, parse, started
from naepo.config import UserError, from_table, merge, overrides_of, read_recipe, to_table
from naepo.encode import DataSettings
from naepo.model.kinds import KINDS, settings_of
from naepo.model.settings import ModelSettings
from naepo.train.settings import TrainSettings

if TYPE_CHECKING:
    from naepo.train.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Train(Arguments):
    """Train a GPT or a sibling of it on text or music. Say how long: sizes and rates follow."""

    sources: Positional[tuple[str, ...]] = ()
    """Files, folders, globs, - for standard input, a URL, or an embedded corpus (naepo data)."""
    out: Path | None = None
    """Folder of the run. Default: runs/ and the name of the first source."""
    minutes: float | None = None
    """How long the whole command may take. Without --steps and --tokens: 10."""
    steps: int | None = None
    """How many updates, instead of a time."""
    tokens: int | None = None
    """How many tokens to train on, instead of a time."""
    recipe: str | None = None
    """Settings to start from: a recipe by name, or a .toml file (a run's naepo.toml too)."""
    kind: Annotated[Literal["transformer", "rnn", "mingru", "cnn"] | None, arg(name="model")] = None
    """Which kind of network; each has sizes of its own (naepo train --model cnn --help)."""
    seed: int | None = None
    """Decides the first weights, the order of the data and the dropout."""
    save_every: int | None = None
    """Steps between checkpoints."""
    keep_every: int | None = None
    """Keep a checkpoint every so many steps, for `naepo look` to show the training."""
    encoder: str | None = None
    """auto, characters, bytes, bpe; of music grid, remi, tsd, ...; or a tokenizer.json."""
    encoding: str | None = None
    """How the files are encoded. Default: utf-8."""
    log: Literal["tensorboard"] | None = None
    """Also write the curves for this tool, under the run's folder."""
    device: str | None = None
    """cpu, cuda, mps. Default: the fastest there is."""
    data: overrides_of(DataSettings) = field(  # pyright: ignore[reportInvalidTypeForm]
        default_factory=overrides_of(DataSettings)
    )
    """Which text, how it is read, what is held out, how it becomes ids."""
    model: overrides_of(ModelSettings) = field(  # pyright: ignore[reportInvalidTypeForm]
        default_factory=overrides_of(ModelSettings)
    )
    """The sizes of the network; what is not said follows from the time and the text."""
    train: overrides_of(TrainSettings) = field(  # pyright: ignore[reportInvalidTypeForm]
        default_factory=overrides_of(TrainSettings)
    )
    """How it is trained; what is not said follows from the time and the text."""


def main(arguments: list[str]) -> int:
    """Parse, then train."""
    asked = parse(_of_kind(_kind(arguments)), "train", arguments)
    tables, source = _tables(asked)
    if not tables.get("data", {}).get("sources"):
        raise UserError(
            "nothing to train on: no file was named",
            hint="naepo train python-docs --minutes 2 (no download), or your own files",
        )
    data = from_table(DataSettings, tables["data"], source, "data")
    from naepo.cli.showing import closing, surroundings
    from naepo.train.plan import Budget
    from naepo.train.session import begin

    folder = asked.out or Path("runs") / _name(data.sources[0])
    budget = Budget(**_budget(asked, tables))
    with surroundings(asked.device, asked.log == "tensorboard", started()) as around:
        outcome = begin(folder, _local(data, around.progress), tables, budget, around)
    return closing(folder, outcome)


def _kind(arguments: list[str]) -> str:
    """Give the kind of network that is asked for, by a flag or by the recipe that is named.

    >>> _kind(["notes.txt", "--model", "cnn"]), _kind(["notes.txt", "--model.d-model", "64"])
    ('cnn', 'transformer')
    """
    kind = _said(arguments, "--model")
    recipe = _said(arguments, "--recipe")
    if kind is None and recipe is not None:
        kind = read_recipe(recipe)[0].get("model", {}).get("kind")
    return str(kind) if kind in KINDS else ModelSettings.kind


def _said(arguments: list[str], flag: str) -> str | None:
    """Give the word after a flag, or after its equals sign."""
    for word, after in zip_longest(arguments, arguments[1:]):
        if word == flag:
            return after
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return None


def _of_kind(kind: str) -> type[Train]:
    """Give the arguments of the verb with the sizes of one kind."""
    if kind == ModelSettings.kind:
        return Train
    overrides = overrides_of(settings_of(kind))
    sizes = ("model", overrides, field(default_factory=overrides))
    made = make_dataclass("Train", [sizes], bases=(Train,), frozen=True, kw_only=True)
    made.__doc__ = Train.__doc__
    return made


def _local(data: DataSettings, progress: "Progress") -> DataSettings:
    """Fetch what a person named by URL or hub path, so that only files are left."""
    from naepo.encode.cache import Cache
    from naepo.interop.fetch import fetch, is_remote

    if not any(is_remote(source) for source in data.sources):
        return data
    sources = []
    for source in data.sources:
        if not is_remote(source):
            sources.append(source)
            continue
        path = fetch(
            source,
            Cache().folder("fetched"),
            on_progress=lambda done, size: progress.phase("fetching", done, size),
        )
        progress.say(f"{source} is kept as {path}")
        sources.append(str(path))
    return replace(data, sources=tuple(sources))


def _tables(asked: Train) -> tuple[dict[str, Any], str]:
    """Lay the flags over the recipe: what is said last wins."""
    recipe, source = read_recipe(asked.recipe) if asked.recipe else ({}, "the command line")
    known = {"about", "checkpoint", "data", "model", "plan", "train"}
    for key in recipe.keys() - known:
        raise UserError(f"unknown table `{key}` in {source}", hint="one of: data, model, train")
    flags = {name: to_table(getattr(asked, name)) for name in ("data", "model", "train")}
    short = {
        "model": {"kind": asked.kind},
        "data": {
            "sources": list(asked.sources) or None,
            "encoder": asked.encoder,
            "encoding": asked.encoding,
        },
        "train": {
            "seed": asked.seed,
            "save_every": asked.save_every,
            "keep_every": asked.keep_every,
        },
    }
    return merge(merge(recipe, flags), short), source


def _budget(asked: Train, tables: dict[str, Any]) -> dict[str, Any]:
    """The one dial as it was said; a recipe with a number of steps has said it too."""
    said = {name: getattr(asked, name) for name in ("minutes", "steps", "tokens")}
    said = {name: value for name, value in said.items() if value is not None}
    steps = (tables.get("train") or {}).get("steps")
    if said and steps is not None:
        tables["train"].pop("steps")
    if not said and steps is not None:
        return {"steps": steps}
    return said or {"minutes": 10.0}


def _name(source: str) -> str:
    """Name a run after its first source.

    >>> _name("notes/diary.txt")
    'diary'
    """
    if source == "-":
        return "stdin"
    stem = Path(source).stem
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in stem).strip("-") or "run"
