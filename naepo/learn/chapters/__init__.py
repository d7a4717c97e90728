"""The chapters, one module each: what is asked, shown, broken and exercised."""

import importlib
from functools import cache

from naepo.config import UserError, did_you_mean
from naepo.learn.chapter import Chapter

NAMES = (
    "encoding",
    "transformations",
    "linear",
    "superposition",
    "maps",
    "normalisation",
    "rms",
    "gradient",
    "modes",
    "gather",
    "arrays",
    "music",
    "gpt",
)
"""In the order of the course."""


@cache
def load(name: str) -> Chapter:
    """Give a chapter by its name.

    Raises: UserError when there is none.
    """
    if name not in NAMES:
        raise UserError(f"no chapter is called `{name}`", hint=did_you_mean(name, NAMES))
    return importlib.import_module(f"naepo.learn.chapters.{name}").CHAPTER
