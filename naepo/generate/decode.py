"""One id after another: what the model sees, what it remembers, and when its window moves."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from naepo.config import UserError
from naepo.encode.encoder import Encoder
from naepo.generate.constraint import Constraint, masks, rules_after
from naepo.generate.sampling import Sampling, new_generator, sample
from naepo.model import LanguageModel
from naepo.model.cache import State

Note = Callable[[str], None]
"""Is told one line about what was decided, for the person to read."""


def generate_ids(
    model: LanguageModel,
    encoder: Encoder,
    prompt: Sequence[int],
    *,
    sampling: Sampling,
    max_tokens: int,
    use_cache: bool = True,
    on_note: Note | None = None,
) -> Iterator[int]:
    """Give the ids that follow a prompt of ids, one at a time; the end id ends it and is not given.

    An empty prompt begins after an end id, as a new document does. What the rules of the encoder do
    not allow is never drawn. `naepo.generate.generate` tells the rest.

    Raises: UserError when max_tokens is below 1, an id is not of the encoder or breaks its rules,
    or the model has fewer ids than the encoder.
    """
    check(model, encoder, max_tokens)
    window = first_window(prompt, encoder, model.settings.longest, on_note)
    rules = rules_after(encoder, prompt)
    decoding = Decoding(
        model,
        torch.tensor([window]),
        sampling=sampling,
        generators=[new_generator(sampling)],
        n_ids=encoder.vocab_size,
        use_cache=use_cache,
        constraints=None if rules is None else [rules],
    )
    return _until_end(decoding, encoder.end_id, max_tokens)


def _until_end(decoding: "Decoding", end_id: int, max_tokens: int) -> Iterator[int]:
    for _ in range(max_tokens):
        id = int(decoding.next_ids())
        if id == end_id:
            return
        yield id


class Decoding:
    """Texts of equal length that grow by one id each with every call of `next_ids`.

    The window rule: a transformer never sees more than `context_length` ids. When one more would
    not fit, the window keeps its last half (rounded down, at least one id) and is read anew, so the
    positions start again at 0. What is seen is thus a function of the position alone, the same
    with and without the cache, and moving costs one prefill every half context. A model whose state
    does not grow (`settings.longest` is None) reads on and on.

    constraints: for each text, what may come next; it is told every id.  temperature_of: gives the
    temperature of the place that a constraint has come to, instead of the one of `sampling`.

    Equal seeds give equal texts with and without the cache, alone and in a batch, as far as the
    model's logits agree: their rounding (about 1e-6) can decide a draw that is as close as that.
    """

    def __init__(
        self,
        model: LanguageModel,
        prompt: Int[Tensor, "batch time"],
        *,
        sampling: Sampling,
        generators: Generator | Sequence[Generator],
        n_ids: int,
        use_cache: bool = True,
        constraints: Sequence[Constraint] | None = None,
        temperature_of: Callable[[Constraint], float] | None = None,
    ) -> None:
        self.model = model
        self.sampling = sampling
        self.generators = generators
        self.n_ids = n_ids
        self.use_cache = use_cache
        self.constraints = constraints
        self.window = prompt.to(device_of(model))
        self.temperature_of = temperature_of
        self.state: State | None = None
        self.seen = torch.zeros(len(prompt), n_ids, dtype=torch.bool, device=self.window.device)
        self.seen.scatter_(1, self.window, True)

    @torch.inference_mode()
    def next_ids(self) -> Int[Tensor, "batch"]:
        """Draw the next id of every text, and append it."""
        ids = self.draw(self.logits())
        self.append(ids)
        return ids

    @torch.inference_mode()
    def logits(self) -> Float[Tensor, "batch vocab"]:
        """Score what may come next in every text; once for each id that is appended."""
        with evaluating(self.model):
            return self._next_logits()[:, : self.n_ids]

    @torch.inference_mode()
    def draw(self, logits: Float[Tensor, "batch vocab"]) -> Int[Tensor, "batch"]:
        """Draw one id for every text, of those that may come next."""
        allowed = None if self.constraints is None else masks(self.constraints, logits.device)
        temperatures = None
        if self.temperature_of is not None and self.constraints is not None:
            told = [[self.temperature_of(each)] for each in self.constraints]
            temperatures = torch.tensor(told, device=logits.device)
        return sample(logits, self.sampling, self.generators, self.seen, allowed, temperatures)

    @torch.inference_mode()
    def append(self, ids: Int[Tensor, "batch"]) -> None:
        """Let every text grow by one id."""
        self.seen.scatter_(1, ids[:, None], True)
        self.window = torch.cat([self.window, ids[:, None]], dim=1)
        if self.constraints is not None:
            for constraint, id in zip(self.constraints, ids.tolist(), strict=True):
                constraint.advance(id)

    @torch.inference_mode()
    def select(self, rows: Int[Tensor, "chosen"]) -> None:
        """Go on with the texts `rows` in place of all: one may be left out, or come several times.

        The generators stay as they are: one for all of them, or one for each of the chosen.
        """
        rows = rows.to(self.window.device)
        self.window, self.seen = self.window[rows], self.seen[rows]
        self.state = None if self.state is None else self.state.select(rows)
        if self.constraints is not None:
            self.constraints = [self.constraints[row].copy() for row in rows.tolist()]

    def _next_logits(self) -> Float[Tensor, "batch vocab"]:
        longest = self.model.settings.longest
        if longest is not None and self.window.shape[1] > longest:
            self.window = self.window[:, -max(1, longest // 2) :]
            self.state = None
        if not self.use_cache:
            return self.model(self.window)[:, -1]
        if self.state is None:
            logits, self.state = prefill(self.model, self.window)
        else:
            logits, self.state = decode_one_token(self.model, self.window[:, -1], self.state)
        return logits


def prefill(
    model: LanguageModel, ids: Int[Tensor, "batch time"]
) -> tuple[Float[Tensor, "batch vocab"], State]:
    """Read whole texts at once into a new state; give the logits of what follows, and the state."""
    logits, state = model.step(ids, model.start(len(ids)))
    return logits[:, -1], state


def decode_one_token(
    model: LanguageModel, ids: Int[Tensor, "batch"], state: State
) -> tuple[Float[Tensor, "batch vocab"], State]:
    """Read one more id of every text; give the logits of what follows, and the state after it."""
    logits, state = model.step(ids[:, None], state)
    return logits[:, -1], state


def first_window(
    prompt: Sequence[int], encoder: Encoder, longest: int | None, on_note: Note | None
) -> list[int]:
    """Give what the model sees first: the end of the prompt, or an end id when it is empty.

    longest: the most ids that the model can read; None is no bound.

    Raises: UserError when an id is not of the encoder.
    """
    ids = list(prompt) or [encoder.end_id]
    wrong = [id for id in ids if not 0 <= id < encoder.vocab_size]
    if wrong:
        raise UserError(f"ids must be from 0 to {encoder.vocab_size - 1}, got {wrong[0]} (prompt)")
    if longest is None:
        return ids
    if len(ids) > longest and on_note is not None:
        on_note(
            f"the prompt has {len(ids)} tokens and the model sees {longest}: "
            "its beginning was cut off"
        )
    return ids[-longest:]


def check(model: LanguageModel, encoder: Encoder, max_tokens: int) -> None:
    """Raises: UserError when max_tokens is below 1, or the encoder is not the model's."""
    if not max_tokens >= 1:
        raise UserError(f"max_tokens must be at least 1, got {max_tokens}")
    if model.settings.vocab_size < encoder.vocab_size:
        raise UserError(
            f"the encoder has {encoder.vocab_size} ids and the model "
            f"{model.settings.vocab_size}: they do not belong together"
        )


def device_of(model: LanguageModel) -> torch.device:
    """Give where the model's weights are; the CPU for a model without any."""
    weights = model.parameters() if isinstance(model, nn.Module) else iter(())
    return next((each.device for each in weights), torch.device("cpu"))


@contextmanager
def evaluating(model: LanguageModel) -> Iterator[None]:
    """Switch dropout off inside, and back to what it was after, whatever happens."""
    if not (isinstance(model, nn.Module) and model.training):
        yield
        return
    model.eval()
    try:
        yield
    finally:
        model.train()
