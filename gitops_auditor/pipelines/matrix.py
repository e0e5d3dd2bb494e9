"""Turns a matrix into the combinations of values that a job runs with."""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Final

from gitops_auditor.pipelines.models import Matrix

MAX_COMBINATIONS: Final = 256

Combination = dict[str, str]


def expand(matrix: Matrix) -> list[Combination]:
    """The combinations in order: the last axis varies fastest, those of `include` come last.

    Raises ValueError when there are none, or more than MAX_COMBINATIONS.
    """
    size = prod(len(values) for values in matrix.axes.values())
    if size + len(matrix.include) > MAX_COMBINATIONS:
        raise ValueError(f"The matrix has more than {MAX_COMBINATIONS} combinations; use fewer.")
    original = [one for one in _product(matrix) if not _is_excluded(one, matrix)]
    combinations = _included(original, matrix)
    if not combinations:
        raise ValueError("The matrix has no combination left; add values or exclude fewer.")
    unique = {tuple(sorted(one.items())): one for one in combinations}
    return list(unique.values())


def label(combination: Mapping[str, str]) -> str:
    """How a combination is shown: `python=3.11, os=linux`."""
    return ", ".join(f"{axis}={value}" for axis, value in combination.items())


def _product(matrix: Matrix) -> Iterator[Combination]:
    if matrix.axes:
        for values in product(*matrix.axes.values()):
            yield dict(zip(matrix.axes, values, strict=True))


def _is_excluded(combination: Combination, matrix: Matrix) -> bool:
    return any(rule and rule.items() <= combination.items() for rule in matrix.exclude)


def _included(original: list[Combination], matrix: Matrix) -> list[Combination]:
    """Values of an axis are never overwritten, values that another `include` added may be."""
    extended = [dict(one) for one in original]
    added: list[Combination] = []
    for rule in matrix.include:
        agreeing = [
            target
            for first, target in zip(original, extended, strict=True)
            if all(first.get(key, value) == value for key, value in rule.items())
        ]
        for target in agreeing:
            target.update(rule)
        if not agreeing and rule:
            added.append(dict(rule))
    return extended + added
