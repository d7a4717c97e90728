"""A prompt in, text out: piece by piece as it grows, or many texts at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch

from naepo.encode.encoder import Encoder
from naepo.generate.constraint import rules_after
from naepo.generate.decode import Decoding, Note, check, first_window
from naepo.generate.sampling import Sampling, new_generator
from naepo.generate.stream import TextStream
from naepo.model import LanguageModel


def generate(
    model: LanguageModel,
    encoder: Encoder,
    prompt: str,
    *,
    sampling: Sampling,
    max_tokens: int,
    stop: tuple[str, ...] = (),
    use_cache: bool = True,
    on_note: Note | None = None,
) -> Iterator[str]:
    """Give the text that follows a prompt, in pieces, each as early as it is certain.

    An empty prompt begins after an end id, as a new document does; of a prompt longer than the
    model's context the beginning is cut off. The text ends at the model's end id, before a stop
    string, or after max_tokens. No piece holds half a character or a part of a stop string. An
    encoder with rules (music) is obeyed: what they do not allow is never drawn.

    max_tokens: the most ids to draw, at least 1; a character that it cuts in two is not given.
    stop: strings that end the text and are not given themselves.
    use_cache: whether keys and values are kept; without, every id reads the whole window again.
    on_note: is told, in one line, when the prompt had to be cut.

    Raises: UserError at the call for a wrong setting, a prompt that the encoder cannot hold or that
    breaks its rules, or an encoder that is not the model's; while generating when the logits are no
    numbers.
    """
    check(model, encoder, max_tokens)
    prompt_ids = encoder.encode(prompt).tolist()
    window = first_window(prompt_ids, encoder, model.settings.longest, on_note)
    rules = rules_after(encoder, prompt_ids)
    decoding = Decoding(
        model,
        torch.tensor([window]),
        sampling=sampling,
        generators=[new_generator(sampling)],
        n_ids=encoder.vocab_size,
        use_cache=use_cache,
        constraints=None if rules is None else [rules],
    )
    steps = _grow(decoding, encoder, [TextStream(stop)], max_tokens)
    return (piece for (piece,) in steps if piece)


def generate_batch(
    model: LanguageModel,
    encoder: Encoder,
    prompts: Sequence[str],
    *,
    sampling: Sampling,
    max_tokens: int,
    stop: tuple[str, ...] = (),
    use_cache: bool = True,
    on_note: Note | None = None,
) -> list[str]:
    """Give the text that follows each prompt, many at once; the same as `generate` one by one.

    Text i draws from `sampling.seed + i`, so one prompt repeated gives different texts. Prompts of
    equal length in ids are decoded together. The rest is as `generate` says.
    """
    check(model, encoder, max_tokens)
    longest = model.settings.longest
    all_ids = [ids.tolist() for ids in encoder.encode_batch(prompts)]
    windows = [first_window(ids, encoder, longest, on_note) for ids in all_ids]
    texts = [""] * len(prompts)
    for rows in _rows_by_length(windows):
        rules = [rules_after(encoder, all_ids[row]) for row in rows]
        decoding = Decoding(
            model,
            torch.tensor([windows[row] for row in rows]),
            sampling=sampling,
            generators=[new_generator(sampling, offset=row) for row in rows],
            n_ids=encoder.vocab_size,
            use_cache=use_cache,
            constraints=[each for each in rules if each is not None] or None,
        )
        steps = _grow(decoding, encoder, [TextStream(stop) for _ in rows], max_tokens)
        for row, pieces in zip(rows, zip(*steps, strict=True), strict=True):
            texts[row] = "".join(pieces)
    return texts


def _grow(
    decoding: Decoding, encoder: Encoder, streams: list[TextStream], max_tokens: int
) -> Iterator[list[str]]:
    """Give, for each step, the new text of every row, until all rows are done."""
    for _ in range(max_tokens):
        ids = decoding.next_ids().tolist()
        yield [_read(id, encoder, stream) for id, stream in zip(ids, streams, strict=True)]
        if all(stream.is_done for stream in streams):
            return
    yield [stream.finish(is_cut=True) for stream in streams]


def _read(id: int, encoder: Encoder, stream: TextStream) -> str:
    return stream.finish() if id == encoder.end_id else stream.push(encoder.content(id))


def _rows_by_length(windows: list[list[int]]) -> Iterator[list[int]]:
    """Group the rows whose windows are equally long.

    >>> list(_rows_by_length([[1, 2], [3], [4, 5]]))
    [[0, 2], [1]]
    """
    rows: dict[int, list[int]] = defaultdict(list)
    for row, window in enumerate(windows):
        rows[len(window)].append(row)
    yield from rows.values()
