"""The command: `gitops-auditor`, or `python -m gitops_auditor`."""

import sys


def main() -> None:
    """Run the command line; the exit status is 0, 1 for an expected failure, 3 for a bug."""
    from gitops_auditor.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
