"""`naepo data`: the corpora that every Python carries."""

from dataclasses import dataclass

from naepo.cli.arguments import Arguments, parse


@dataclass(frozen=True, kw_only=True)
class Data(Arguments):
    """List the embedded corpora, with their sizes: no download."""


def main(arguments: list[str]) -> int:
    """Parse, list."""
    parse(Data, "data", arguments)
    from naepo.encode.embedded import embedded_corpora

    for corpus in embedded_corpora():
        size = "not built yet" if corpus.size is None else f"{corpus.size / 1e6:.1f} MB"
        print(f"{corpus.name:<14} {size:>14}  {corpus.description}")
    print("train on one: naepo train python-docs --minutes 2 --out runs/first")
    return 0
