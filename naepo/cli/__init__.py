"""The command line: one module a verb. Heavy imports are inside, so that `--help` is quick.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 2 for what a
person can fix, 130 or 143 after SIGINT or SIGTERM.
"""

import importlib
import os
import sys
from collections.abc import Sequence

from naepo import __version__
from naepo.config import UserError, did_you_mean

VERBS = {
    "train": "train a GPT on your own text or music",
    "resume": "finish a run that was cut short, or go on beyond its plan",
    "evaluate": "score a text or music, or the run's own held-out part",
    "generate": "let a model write, or compose: continue, harmonise, fill a gap",
    "embed": "turn pieces or texts into vectors, kept beside the run",
    "search": "find what is like a piece or a text",
    "reduce": "draw a map of a store or a table of numbers: PCA, t-SNE, UMAP",
    "classify": "learn classes from a table, and name those of another: CSV in, CSV out",
    "look": "see a model from inside, in the browser",
    "learn": "read the chapters: change a number, guess, see every step, find it in your model",
    "describe": "print a model as a tree: modules, shapes, parameters, FLOPs, memory",
    "data": "list the corpora that need no download",
}


def main(arguments: Sequence[str]) -> int:
    """Run one verb and give the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_help())
        return 0
    if arguments[0] in ("-V", "--version"):
        print(f"naepo {__version__}")
        return 0
    verb, rest = arguments[0], list(arguments[1:])
    # Before torch: its idle threads sleep. Spinning, they take the cores from those that work; on
    # a machine that others use too, a step through the modules then takes three times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        if verb not in VERBS:
            raise UserError(f"naepo has no verb `{verb}`", hint=did_you_mean(verb, VERBS))
        return importlib.import_module(f"naepo.cli.{verb}").main(rest)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _help() -> str:
    width = max(map(len, VERBS))
    return "\n".join(
        [
            "naepo: build a GPT of your own on your own text or music, and see through it",
            "",
            "usage: naepo VERB ...   (naepo VERB --help shows its options)",
            "",
            *(f"  {verb:<{width}}  {text}" for verb, text in VERBS.items()),
            "",
            "start here: naepo train python-docs --minutes 2 --out runs/first",
        ]
    )
