"""The command: `gitops-auditor`, or `python -m gitops_auditor`."""

import gc
import sys

YOUNG_OBJECTS = 50_000
"""New objects after which Python looks for garbage among them."""


def main() -> None:
    """Run the command line; the exit status is 0, 1 for an expected failure, 3 for a bug."""
    # Importing makes many objects and hardly any garbage: at Python's own threshold, looking for
    # it is a tenth of the time that a command takes. At the end all of it goes with the process.
    gc.set_threshold(YOUNG_OBJECTS)
    from gitops_auditor.cli.main import run

    status = run(sys.argv[1:])
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
