"""How a constraint is rewritten so that it admits a version, in the style it was written in."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from gitops_auditor.dependencies.models import ConstraintKind
from gitops_auditor.dependencies.versions.constraint import Constraint, allows, parse
from gitops_auditor.dependencies.versions.tags import parse_tag

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")
_TAG_PARTS: Final = re.compile(r"([vV]?)\d+(?:\.\d+)*(.*)")


def rewrite(constraint: Constraint, version: str) -> str:
    """The text to write instead of `constraint` so that `version` satisfies it.

    Operators, the number of places, a leading `v` and an image's flavour are kept where the result
    still admits the version; a digest is dropped, since it names other content.
    """
    style = _STYLES.get(constraint.ecosystem, _plain)
    for text in style(constraint.text, version):
        if allows(parse(constraint.ecosystem, text, ConstraintKind.RANGE), version):
            return text
    return version


def _places(text: str, version: str) -> Iterator[str]:
    """The version cut to as many places as `text` has, then as it is."""
    written = _NUMBERS.search(text)
    final = _NUMBERS.search(version)
    if written and final and final.end() == len(version):
        kept = final[0].split(".")[: written[0].count(".") + 1]
        yield ".".join(kept)
    yield version.lstrip("vV")


def _next_major(version: str) -> str:
    found = _NUMBERS.search(version)
    return str(int(found[0].split(".")[0]) + 1) if found else version


def _semantic(text: str, version: str) -> Iterator[str]:
    operator = text[:1] if text[:1] in {"^", "~"} else ""
    if not operator and _is_range(text):
        operator = "^"
    for places in _places(text, version):
        yield operator + places


def _cargo(text: str, version: str) -> Iterator[str]:
    operator = text[:1] if text[:1] in {"~", "="} and "," not in text else ""
    for places in _places(text, version):
        yield operator + places


def _python(text: str, version: str) -> Iterator[str]:
    if text.startswith("===") or re.fullmatch(r"==?[^*,]+", text):
        yield f"=={version}"
    elif text[:2] == "~=" or text[:1] in {"^", "~"}:
        operator = "~=" if text[:2] == "~=" else text[:1]
        yield from (operator + places for places in _places(text, version))
    elif text.endswith(".*") and "," not in text:
        yield from (f"=={places}.*" for places in _places(text, version))
    elif "," not in text and text[:1] == ">":
        yield f">={version}"
    yield f">={version},<{_next_major(version)}"


def _terraform(text: str, version: str) -> Iterator[str]:
    if text.startswith("~>"):
        yield from (f"~> {places}" for places in _places(text, version))
    elif "," not in text and text[:1] == ">":
        yield f">= {version}"
    elif _is_range(text):
        yield f">= {version}, < {_next_major(version)}.0.0"


def _maven(text: str, version: str) -> Iterator[str]:
    if text.endswith("+"):
        yield from (f"{places}.+" for places in _places(text.removesuffix(".+"), version))
    elif text[:1] in {"[", "(", "]"} and "," in text:
        yield f"[{version},{_next_major(version)})"
    elif text[:1] == "[":
        yield f"[{version}]"


def _tag(text: str, version: str) -> Iterator[str]:
    found = _TAG_PARTS.fullmatch(text.partition("@")[0])
    tag = parse_tag(text)
    if found is None or tag is None:
        return
    for places in _places(text, version):
        yield f"{found[1]}{places}{tag.flavour}"


def _go(_: str, version: str) -> Iterator[str]:
    yield f"v{version.removeprefix('v')}"


def _plain(_: str, version: str) -> Iterator[str]:
    yield version


def _is_range(text: str) -> bool:
    return any(sign in text for sign in "<>|*xX ,") or " - " in text


_STYLES: Final[dict[str, Callable[[str, str], Iterator[str]]]] = {
    "npm": _semantic,
    "api": _semantic,
    "data": _semantic,
    "chart": _semantic,
    "crate": _cargo,
    "pypi": _python,
    "terraform": _terraform,
    "maven": _maven,
    "image": _tag,
    "repository": _tag,
    "config": _tag,
    "go": _go,
}
