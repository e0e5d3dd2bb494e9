"""The whole suite: on SQLite with coverage, then what touches the database again on PostgreSQL."""

import argparse
import os
import subprocess
import sys

from tests.factories.postgres import missing, postgresql_server

LOWEST_COVERAGE = 90
NOTHING_COLLECTED = 5


def pytest(environment: dict[str, str], *arguments: str) -> int:
    """Run pytest as a child; its exit status."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", *arguments]
    return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def on_sqlite(strict: dict[str, str], *selected: str) -> int:
    """The whole suite with branch coverage."""
    measured = ["--cov", "--cov-report=term:skip-covered", f"--cov-fail-under={LOWEST_COVERAGE}"]
    return pytest(strict, *(selected or measured))


def on_postgres(strict: dict[str, str], *selected: str) -> int:
    """The tests that use a database, against a server started for them."""
    if reason := missing():
        print(f"Not repeated on PostgreSQL: {reason}.")
        return 1 if strict else 0
    with postgresql_server() as url:
        status = pytest({**strict, "TEST_DATABASE_URL": url}, "--database-only", *selected)
    return 0 if selected and status == NOTHING_COLLECTED else status


def main() -> int:
    """Parse the options and run both rounds; the exit status is 0 when both pass."""
    parser = argparse.ArgumentParser(prog="make test", description=__doc__)
    parser.add_argument("--no-skips", action="store_true", help="A skipped test is a failure.")
    parser.add_argument("selected", nargs="*", help="Paths or options for pytest.")
    options, rest = parser.parse_known_args()
    strict = {"TESTS_NO_SKIPS": "1"} if options.no_skips else {}
    selected = [*options.selected, *rest]
    return on_sqlite(strict, *selected) or on_postgres(strict, *selected)


if __name__ == "__main__":
    sys.exit(main())
