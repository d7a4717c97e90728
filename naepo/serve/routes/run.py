"""/look/run: a prompt through a model once, and what all its tensors are like. No tensor in it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from naepo.config import UserError
from naepo.look.identities import Check, checks
from naepo.look.statistics import Statistics, all_statistics
from naepo.look.trace import Trace
from naepo.serve.answers import table
from naepo.serve.library import Library, Run
from naepo.serve.prompts import suggest
from naepo.serve.requests import Models, OpenedModel, RunRequest, changes_of, prompt_of
from naepo.serve.spelling import prompt_table, vocabulary_table

SLOW = 0.25
"""Seconds of a run from which on it is not made a second time to check the first."""

router = APIRouter()


@router.post("/run")
def run(asked: RunRequest, library: Models) -> Response:
    """Run a prompt, with changes where there are any, and tell of every op what it gave."""
    opened = library.opened(asked.model, asked.checkpoint)
    prompt = prompt_of(opened, asked.text, asked.ids)
    with library.lock:
        found = library.run(opened, prompt, changes_of(library, opened, asked.changes))
        return table(run_table(found))


@router.get("/vocabulary")
def vocabulary(opened: OpenedModel) -> Response:
    """Tell every id of a model; it is the same for all its checkpoints, and put together once."""
    source = opened.source
    with source.telling:  # who comes meanwhile waits for the one that is being put together
        if source.vocabulary is None:
            n_ids = opened.model.settings.vocab_size
            told = vocabulary_table(opened.checkpoint.encoder, n_ids)
            source.vocabulary = bytes(table(told).body)
    return Response(source.vocabulary, media_type="application/json")


def run_table(found: Run) -> dict[str, Any]:
    """Tell a run; what was told once is kept with it."""
    if not found.answers:
        trace, prompt, is_quick = found.trace, found.prompt, found.seconds < SLOW
        found.answers.update(
            {
                "run": found.id,
                "model": found.opened.source.key,
                "checkpoint": found.opened.step,
                "text": prompt.text,
                **prompt_table(found.opened.checkpoint.encoder, trace.ids),
                "cut": prompt.n_cut,
                "ops": [_op(trace, name, each) for name, each in all_statistics(trace).items()],
                "checks": [_check(each) for each in checks(trace, with_fast_path=is_quick)],
                "seconds": found.seconds,
            }
        )
    return found.answers


def warm(library: Library, is_asked: Callable[[], bool] = lambda: False) -> None:
    """Do what will be asked for before it is: tell the vocabulary, and run the first prompt.

    is_asked: whether somebody is here already. Then nothing is run: the two would share the cores,
    and the one that is waited for would be late.
    """
    for key in library.sources:
        try:
            opened = library.opened(key)
            vocabulary(opened)
            if not is_asked():
                text = suggest(opened.source.run, opened.checkpoint.encoder)
                run_table(library.run(opened, prompt_of(opened, text)))
        except UserError:  # it will be told to whoever asks
            continue


def _op(trace: Trace, name: str, found: Statistics) -> dict[str, Any]:
    return {"name": name, "shape": list(trace.shape(name))} | vars(found)


def _check(check: Check) -> dict[str, Any]:
    told = asdict(check) | {"holds": check.holds}
    return told if check.op else {key: value for key, value in told.items() if key != "op"}
