"""The way in: `naepo VERB ...` and `python -m naepo VERB ...`."""

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from naepo import cli

    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
