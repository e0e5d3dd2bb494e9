"""The inputs of a run: what was given, checked against what is declared, with its defaults."""

from collections.abc import Mapping
from difflib import get_close_matches

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.formats.written import Written
from gitops_auditor.pipelines.models import PipelineDefinition
from gitops_auditor.pipelines.trigger_models import Event, Input, Manual

_EMPTY: Mapping[str, Written] = {"string": "", "number": 0, "boolean": False, "choice": ""}


def declared_inputs(definition: PipelineDefinition) -> dict[str, Input]:
    """What the manual triggers declare, by name."""
    triggers = [one for one in definition.triggers if isinstance(one, Manual)]
    return {name: found for one in triggers for name, found in one.inputs.items()}


def resolve_inputs(definition: PipelineDefinition, event: Event) -> dict[str, Written]:
    """Every declared input with its value; the first option where a choice has no default.

    Only who starts a run by hand or in a plan has to give what is required. Raises InvalidRequest
    for an input that is unknown, missing or of the wrong type.
    """
    declared = declared_inputs(definition)
    _refuse_unknown(event.inputs, declared)
    is_asked = event.type in ("manual", "plan")
    for name, one in declared.items():
        if is_asked and one.required and name not in event.inputs:
            raise InvalidRequest(f"The input {name!r} is required.", hint="Give it a value.")
    return {name: _value(name, one, event.inputs.get(name)) for name, one in declared.items()}


def _refuse_unknown(given: Mapping[str, Written], declared: Mapping[str, Input]) -> None:
    for name in given:
        if name not in declared:
            near = get_close_matches(name, declared, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(declared) or '-'}."
            raise InvalidRequest(f"The pipeline has no input {name!r}.", hint=hint)


def _value(name: str, declared: Input, given: Written | None) -> Written:
    if given is None:
        first = declared.options[0] if declared.options else _EMPTY[declared.type]
        return first if declared.default is None else declared.default
    if not declared.accepts(given):
        options = f" out of {', '.join(declared.options)}" if declared.options else ""
        hint = f"Give a {declared.type}{options}."
        raise InvalidRequest(f"The input {name!r} cannot be {given!r}.", hint=hint)
    return given
