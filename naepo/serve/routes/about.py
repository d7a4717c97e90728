"""/look/about: which models there are, their shape, and the road through each."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from naepo import __version__
from naepo.look import layout
from naepo.model.kinds import settings_table
from naepo.reduce import available
from naepo.serve.answers import table
from naepo.serve.library import Library
from naepo.serve.prompts import suggest
from naepo.serve.requests import Models
from naepo.serve.source import Source

router = APIRouter()


@router.get("/about")
def about(library: Models) -> Response:
    """Tell the models, their checkpoints, shapes and ops, and which maps can be drawn here."""
    models = [_model(library, source) for source in library.sources.values()]
    return table({"version": __version__, "models": models, "reducers": _reducers()})


def _model(library: Library, source: Source) -> dict[str, Any]:
    if not source.facts:
        source.facts.update(_facts(library, source))
    shown = {"checkpoints": source.checkpoints(), "checkpoint": source.first}
    return {"key": source.key, "name": str(source.path)} | shown | source.facts


def _facts(library: Library, source: Source) -> dict[str, Any]:
    """What is the same for all checkpoints of a model; it has to be opened once for it."""
    opened = library.opened(source.key)
    model, encoder = opened.model, opened.checkpoint.encoder
    return {
        "kind": source.kind,
        "encoder": {"kind": encoder.kind, "vocab_size": encoder.vocab_size, "unit": encoder.unit},
        "settings": {"kind": model.settings.kind, **settings_table(model.settings)},
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "prompt": suggest(source.run, encoder),
        "notes": list(opened.checkpoint.notes),
        "ops": [asdict(op) for op in layout(model.settings)],
    }


def _reducers() -> dict[str, Any]:
    """Which ways to two dimensions are installed; nothing is imported for it."""
    found = available()
    hint = None if all(found.values()) else 'pip install "naepo[embed]"'
    return found | {"hint": hint}
