"""What gates are measured on: the same files every time, that linters can read."""

from pathlib import PurePosixPath

from tests.factories.mixed_repository import mixed_files


def test_the_repository_is_the_same_every_time_and_its_python_can_be_parsed() -> None:
    files = mixed_files()
    assert files == mixed_files()
    assert len(files) == 1_004
    python = {name: text for name, text in files.items() if PurePosixPath(name).suffix == ".py"}
    assert len(python) == 401
    assert 20_000 < sum(text.count("\n") for text in python.values()) < 24_000
    for name, text in python.items():
        compile(text, name, "exec")
