"""The rules of a SARIF run, and which of them a result is of (3.19.23, 3.27.5 to 3.27.7, 3.52)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gitops_auditor.formats.sarif_nodes import (
    Object,
    UnreadableSarif,
    index,
    objects,
    optional_object,
    text,
)

Level = Literal["none", "note", "warning", "error"]
LEVELS: Final[tuple[Level, ...]] = ("none", "note", "warning", "error")
_SEVERITY = "security-severity"


@dataclass(frozen=True, slots=True)
class SarifRule:
    """A rule as its tool describes it (3.49). Texts are empty where it does not.

    `security_severity` is the property of that name, from 0 to 10; few tools give it.
    """

    id: str
    level: Level = "warning"
    help: str = ""
    help_uri: str = ""
    security_severity: float | None = None


class Rules:
    """The rules of the driver and its extensions, and the messages that they hold."""

    def __init__(self, tool: Object) -> None:
        self.driver = optional_object(tool, "driver")
        self._components = [self.driver, *objects(tool, "extensions")]
        self._listed = [objects(component, "rules") for component in self._components]

    def described(self) -> Mapping[str, SarifRule]:
        """All rules by their ids; of two with the same id the first counts."""
        found = [_read(rule) for rules in reversed(self._listed) for rule in reversed(rules)]
        return {rule.id: rule for rule in found}

    def of(self, result: Object) -> tuple[str, Object]:
        """The id of the rule that a result is of, and what the tool says of it, maybe nothing.

        Raises UnreadableSarif when it names none, or two that differ.
        """
        reference = optional_object(result, "rule")
        at = index(result, "ruleIndex")
        at = index(reference, "index") if at is None else at
        component = self._component(optional_object(reference, "toolComponent"))
        names = [name for name in (text(result, "ruleId"), text(reference, "id")) if name]
        if at is not None:
            rule = _at(self._listed[component], at)
            names.append(_id(rule))
        elif names:
            rule = self._named(names[0], component)
        if not names:
            raise UnreadableSarif("A result does not say which rule it is of.")
        if not all(_is_below(names[0], name) for name in names):
            raise UnreadableSarif(f"A result is of two rules, {names[0]!r} and {names[-1]!r}.")
        return names[0], rule

    def _component(self, reference: Object) -> int:
        """3.54: the place of a component among ours, that of the driver when none is named."""
        at = index(reference, "index")
        if at is not None:
            if at + 1 >= len(self._components):
                raise UnreadableSarif(f"The extension of index {at} is not there.")
            return at + 1
        name = text(reference, "name")
        named = [place for place, one in enumerate(self._components) if one.get("name") == name]
        return named[0] if name and named else 0

    def _named(self, name: str, component: int) -> Object:
        """What is said of a rule; of `a/b` it may be said under `a` (3.27.5)."""
        rules = self._listed[component] or [rule for rules in self._listed for rule in rules]
        known = {_id(rule): rule for rule in reversed(rules)}
        while name and name not in known:
            name = name.rpartition("/")[0]
        return known.get(name, {})


def default_level(rule: Object) -> Level:
    """3.50.3, 3.27.10: `warning` unless the rule says otherwise."""
    return level(optional_object(rule, "defaultConfiguration"), "warning")


def level(owner: Object, default: Level) -> Level:
    """The level of a result or a rule, the default when it has none."""
    found = text(owner, "level") if "level" in owner else default
    for known in LEVELS:
        if known == found:
            return known
    raise UnreadableSarif(f"level is {found[:80]!r}, which the standard does not know.")


def _at(rules: Sequence[Object], at: int) -> Object:
    if at >= len(rules):
        raise UnreadableSarif(f"A result is of the rule of index {at}, which is not there.")
    return rules[at]


def _id(rule: Object) -> str:
    if not text(rule, "id"):
        raise UnreadableSarif("A rule has no id.")
    return text(rule, "id")


def _is_below(name: str, other: str) -> bool:
    return name == other or name.startswith(f"{other}/")


def _read(rule: Object) -> SarifRule:
    texts = (optional_object(rule, key) for key in ("help", "fullDescription", "shortDescription"))
    return SarifRule(
        id=_id(rule),
        level=default_level(rule),
        help=next((text(one, "text") for one in texts if one.get("text")), ""),
        help_uri=text(rule, "helpUri"),
        security_severity=_severity(optional_object(rule, "properties").get(_SEVERITY)),
    )


def _severity(value: object) -> float | None:
    """A number or text of one; the property is a custom of tools and not of the standard."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= 10 else None
