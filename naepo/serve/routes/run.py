"""/look/run: a prompt through a model once, and what all its tensors are like. No tensor in it."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from jaxtyping import Float
from starlette.responses import Response
from torch import Tensor

from naepo.config import UserError
from naepo.look.identities import Check, checks
from naepo.look.statistics import statistics
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
    """Tell every id of a model."""
    return table(vocabulary_table(opened.checkpoint.encoder, opened.model.settings.vocab_size))


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
                "ops": [_op(name, trace[name]) for name in trace],
                "checks": [_check(each) for each in checks(trace, with_fast_path=is_quick)],
                "seconds": found.seconds,
            }
        )
    return found.answers


def warm(library: Library) -> None:
    """Run the first prompt before anybody asks: the first question then finds it done."""
    for key in library.sources:
        try:
            opened = library.opened(key)
            text = suggest(opened.source.run, opened.checkpoint.encoder)
            with library.lock:
                run_table(library.run(opened, prompt_of(opened, text)))
        except UserError:  # it will be told to whoever asks
            continue


def _op(name: str, values: Float[Tensor, "..."]) -> dict[str, Any]:
    return {"name": name, "shape": list(values.shape)} | vars(statistics(values))


def _check(check: Check) -> dict[str, Any]:
    told = asdict(check) | {"holds": check.holds}
    return told if check.op else {key: value for key, value in told.items() if key != "op"}
