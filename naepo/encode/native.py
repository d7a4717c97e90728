"""The one seam to the native library `tokenizers`: what goes wrong there becomes a `UserError`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from tokenizers import Tokenizer

from naepo.config import UserError
from naepo.encode.tokenizer_files import Specification


@contextmanager
def native(doing: str, source: str | None = None) -> Iterator[None]:
    """Turn what goes wrong inside `tokenizers` into a `UserError`; its panics too.

    A panic of the native library comes as `PanicException`, which is no `Exception` and cannot be
    imported; it is known by its name alone.
    """
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        is_native = type(error) is Exception or type(error).__name__ == "PanicException"
        if not is_native:
            raise
        where = f" (in {source})" if source else ""
        raise UserError(f"`tokenizers` failed at {doing}: {error}{where}") from None


def start_engine(specification: Specification, source: str) -> Tokenizer:
    """Make the native tokenizer. Special tokens met in a text stay text."""
    with native("opening a tokenizer", source):
        engine = Tokenizer.from_str(json.dumps(specification))
    engine.encode_special_tokens = True
    return engine
