"""Our conditions as commands of a shell, for steps within a script."""

import re
import shlex
from typing import Final

from gitops_auditor.pipelines.conditions.syntax import (
    Comparison,
    Exists,
    Expression,
    Literally,
    Logical,
    Match,
    Named,
    Not,
    Outcome,
)
from gitops_auditor.pipelines.github_actions.github_expressions import NotUnderstood

_VARIABLES: Final = {
    "branch": "GITOPS_BRANCH",
    "tag": "GITOPS_TAG",
    "event": "GITOPS_EVENT",
    "base_branch": "GITOPS_BASE_BRANCH",
}


def shell_test(expression: Expression) -> str:
    """A command of the shell that succeeds when the condition holds. Raises NotUnderstood."""
    match expression:
        case Not(operand):
            return f"! {{ {shell_test(operand)}; }}"
        case Logical(operator, left, right):
            return f"{{ {shell_test(left)} {operator} {shell_test(right)}; }}"
        case Comparison(operator, left, right):
            sign = "=" if operator == "==" else "!="
            return f"[ {_word(left)} {sign} {_word(right)} ]"
        case _:
            return _fact(expression)


def _fact(fact: Literally | Named | Exists | Outcome | Match) -> str:
    match fact:
        case Literally(value):
            return "true" if value and value != "false" else "false"
        case Named():
            word = _word(fact)
            return f"{{ [ -n {word} ] && [ {word} != false ]; }}"
        case Exists(path):
            return f"[ -e {shlex.quote(path)} ]"
        case Outcome("success"):
            return "true"
        case Outcome() | Match():
            raise NotUnderstood("a step here runs when all steps before it succeeded")


def _word(expression: Expression) -> str:
    match expression:
        case Literally(value):
            return shlex.quote(str(value))
        case Named(name, member) if name in ("matrix", "inputs"):
            prefix = "MATRIX" if name == "matrix" else "INPUT"
            return f'"${{{prefix}_{re.sub("_+", "_", member.upper()).strip("_")}}}"'
        case Named("env", member):
            return f'"${{{member}-}}"'
        case Named(name) if name in _VARIABLES:
            return f'"${{{_VARIABLES[name]}}}"'
        case _:
            raise NotUnderstood("a part of it is no plain value")
