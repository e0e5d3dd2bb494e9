"""`secrets`: values go in by standard input and never come out."""

from pathlib import Path

import pytest

from tests.factories.terminal import ended, environment

VALUE = "s3cret-Treasure"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return environment(tmp_path / "data")


def test_a_secret_is_set_from_standard_input_listed_rotated_and_deleted(
    env: dict[str, str], tmp_path: Path
) -> None:
    scope = ("--repository", "acme/tool")
    done = ended("secrets", "set", "TOKEN", *scope, env=env, standard_input=f"{VALUE}\n")
    assert (done.status, done.out) == (0, "TOKEN is kept, version 1.\n")
    again = ended("secrets", "set", "TOKEN", *scope, env=env, standard_input="another-value")
    assert again.out == "TOKEN is kept, version 2.\n"
    assert ended("secrets", "list", env=env).out == "TOKEN repository acme/tool version 2\n"
    assert ended("secrets", "rotate", env=env).out == "1 secrets are encrypted under a new key.\n"
    assert ended("secrets", "delete", "TOKEN", *scope, env=env).out == "TOKEN is forgotten.\n"
    assert ended("secrets", "list", env=env).out == ""
    held = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert held
    assert not [path for path in held if VALUE.encode() in path.read_bytes()]


@pytest.mark.parametrize("scope", [(), ("--repository", "a/b", "--pipeline", "c")])
def test_a_secret_is_for_one_repository_or_one_pipeline(
    env: dict[str, str], scope: tuple[str, ...]
) -> None:
    done = ended("secrets", "set", "TOKEN", *scope, env=env, standard_input=VALUE)
    assert (done.status, "--repository and --pipeline" in done.err) == (1, True)


def test_a_value_too_short_to_be_masked_is_refused(env: dict[str, str]) -> None:
    done = ended("secrets", "set", "TOKEN", "-p", "p", env=env, standard_input="ab")
    assert (done.status, "Traceback" in done.err) == (1, False)


def test_forgetting_what_is_not_kept_is_refused(env: dict[str, str]) -> None:
    done = ended("secrets", "delete", "TOKEN", "-p", "p", env=env)
    assert done.status == 1
    assert "TOKEN" in done.err
