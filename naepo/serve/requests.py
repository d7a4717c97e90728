"""What a request may hold. Whatever is not named here is refused."""

from typing import Annotated, Literal

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from naepo.config import UserError
from naepo.look import Change, Trace
from naepo.serve.library import Library, Run
from naepo.serve.maps import Maps
from naepo.serve.prompts import Prompt, read_ids, read_prompt
from naepo.serve.source import Opened

MOST_CHANGES = 64

# What only looks something up is asynchronous: a thread for it would cost more than it does.


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class PatchRequest(_Strict):
    """Take the same part from another prompt on the same model."""

    text: str
    position: int | None = None


class ChangeRequest(_Strict):
    """One touch; `naepo.look.Change` says what each means."""

    op: str
    head: int | None = None
    position: int | None = None
    unit: int | None = None
    factor: float = 0.0
    patch: PatchRequest | None = None


class RunRequest(_Strict):
    """A prompt, by its text or its ids, and what is changed on the way."""

    model: str = "0"
    checkpoint: int | None = None
    text: str | None = None
    ids: list[int] | None = None
    changes: list[ChangeRequest] = Field(default=[], max_length=MOST_CHANGES)


class MapRequest(_Strict):
    """Which embedding to lay out in two dimensions, and how."""

    model: str = "0"
    checkpoint: int | None = None
    method: Literal["pca", "tsne", "umap"] = "pca"
    seed: int = 0
    perplexity: float | None = None
    neighbours: int | None = None


class AblateRequest(_Strict):
    """A run, and the logit that is watched while each head alone is switched off: the likeliest,
    if no id is named."""

    run: str
    position: int
    id: int | None = None


async def library_of(request: Request) -> Library:
    """Give the models of the application that was asked."""
    return request.app.state.library


Models = Annotated[Library, Depends(library_of)]


async def maps_of(request: Request) -> Maps:
    """Give the maps of the application that was asked."""
    return request.app.state.maps


DrawnMaps = Annotated[Maps, Depends(maps_of)]


async def run_of(run: str, library: Models) -> Run:
    """Give the run that the query names."""
    return library.kept(run)


def opened_of(library: Models, model: str = "0", checkpoint: int | None = None) -> Opened:
    """Give the checkpoint that the query names."""
    return library.opened(model, checkpoint)


KeptRun = Annotated[Run, Depends(run_of)]
OpenedModel = Annotated[Opened, Depends(opened_of)]


def prompt_of(opened: Opened, text: str | None, ids: list[int] | None = None) -> Prompt:
    """Read the prompt of a request.

    Raises: UserError when it has both a text and ids, or neither can be read.
    """
    encoder, length = opened.checkpoint.encoder, opened.model.settings.context_length
    if text is not None and ids is not None:
        raise UserError("a prompt is a text or ids, got both")
    if ids is not None:
        return read_ids(ids, encoder, length)
    return read_prompt(text or "", encoder, length, opened.form)


def changes_of(library: Library, opened: Opened, asked: list[ChangeRequest]) -> list[Change]:
    """Turn the changes of a request into those of `look`; what is patched in is run first."""
    return [_change(library, opened, each) for each in asked]


def _change(library: Library, opened: Opened, asked: ChangeRequest) -> Change:
    patch, patch_position = None, None
    if asked.patch is not None:
        prompt = prompt_of(opened, asked.patch.text)
        source: Trace = library.run(opened, prompt).trace
        source.op(asked.op)
        patch = {asked.op: source[asked.op]}  # one tensor: the whole trace need not stay for it
        patch_position = asked.patch.position
    return Change(
        op=asked.op,
        head=asked.head,
        position=asked.position,
        unit=asked.unit,
        factor=asked.factor,
        patch=patch,
        patch_position=patch_position,
    )
