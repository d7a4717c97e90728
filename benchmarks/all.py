"""All figures, one after another: python -m benchmarks.all (some hours, on a quiet machine)."""

from benchmarks import (
    figures,
    jsb,
    jsb_quarter,
    korean,
    look,
    music_reading,
    music_retrieval,
    music_vectors,
    nsmc,
    reduce,
    shakespeare,
    siblings,
    start,
    step,
)

MUSIC = (jsb, jsb_quarter, music_reading, music_vectors, music_retrieval)


def main() -> None:
    """Run every benchmark, then write the figures into the front pages."""
    for script in (start, step, shakespeare, siblings, korean, *MUSIC, reduce, nsmc, look, figures):
        script.main()


if __name__ == "__main__":
    main()
