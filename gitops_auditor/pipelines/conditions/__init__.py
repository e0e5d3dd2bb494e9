"""Conditions such as `branch == 'main' && !exists('skip')`: read, evaluated, explained."""

from gitops_auditor.pipelines.conditions.evaluation import (
    UNKNOWN,
    Scope,
    StatusSoFar,
    Truth,
    Unknown,
    evaluate,
    facts_used,
)
from gitops_auditor.pipelines.conditions.parser import parse_condition
from gitops_auditor.pipelines.conditions.syntax import Condition, Value
from gitops_auditor.pipelines.conditions.tokens import ConditionError

__all__ = [
    "UNKNOWN",
    "Condition",
    "ConditionError",
    "Scope",
    "StatusSoFar",
    "Truth",
    "Unknown",
    "Value",
    "evaluate",
    "facts_used",
    "parse_condition",
]
