"""All figures, one after another: python -m benchmarks.all (about an hour, on a quiet machine)."""

from benchmarks import figures, korean, look, reduce, shakespeare, start, step


def main() -> None:
    """Run every benchmark, then write the figures into the front pages."""
    for script in (start, step, shakespeare, korean, reduce, look, figures):
        script.main()


if __name__ == "__main__":
    main()
