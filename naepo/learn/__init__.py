"""The chapters: one question each, numbers that can be changed, a guess, every step, two exercises.

In: a chapter's name and what a person has typed. Out: all that the page draws, with every number
already computed and written in their language. The page computes nothing. `concepts/` has the
arithmetic; `chapters/` says what is asked and shown; `texts/` holds the words in both languages.
"""

from naepo.learn.chapter import Chapter
from naepo.learn.chapters import NAMES, load
from naepo.learn.rendering import Request, contents, experiment, language, read_request, sheet
from naepo.learn.words import LANGUAGES

__all__ = [
    "LANGUAGES",
    "NAMES",
    "Chapter",
    "Request",
    "contents",
    "experiment",
    "language",
    "load",
    "read_request",
    "sheet",
]
