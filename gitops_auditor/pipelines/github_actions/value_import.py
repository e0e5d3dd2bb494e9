"""Texts with expressions in them, as parts of a shell script or as secrets."""

import re
import shlex
from collections.abc import Collection
from typing import Final

from gitops_auditor.pipelines.conditions import parse_condition
from gitops_auditor.pipelines.github_actions.condition_import import identifier, translated
from gitops_auditor.pipelines.github_actions.github_expressions import (
    Call,
    Constant,
    NotUnderstood,
    Operation,
    Part,
    Reference,
    parse_expression,
)
from gitops_auditor.pipelines.github_actions.shell_tests import shell_test

_PLACE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_OTHER = re.compile(r"[^A-Z0-9]+")
_ESCAPED = re.compile(r'([\\"$`])')
_SECRET: Final = re.compile(r"secrets\.([A-Za-z_]\w*)", re.ASCII)
_VARIABLES: Final = {
    "github.sha": "GITOPS_COMMIT",
    "github.base_ref": "GITOPS_BASE_BRANCH",
    "github.run_id": "GITOPS_RUN_ID",
    "github.run_number": "GITOPS_RUN_NUMBER",
    "runner.temp": "TMPDIR",
}
_SHELL: Final = {
    "github.ref_name": "${GITOPS_TAG:-$GITOPS_BRANCH}",
    "github.head_ref": "${GITOPS_BRANCH}",
    "github.workspace": "$(git rev-parse --show-toplevel)",
}
_CONSTANTS: Final = {"runner.os": "Linux"}


def has_expression(text: str) -> bool:
    """Whether GitHub puts something into the text."""
    return "${{" in text


def secret_in(text: str) -> str | None:
    """The name of the secret that the text is, None when it is anything else."""
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        return None
    inner = found[1].strip()
    secret = _SECRET.fullmatch(inner)
    return secret[1] if secret else ("GITHUB_TOKEN" if inner == "github.token" else None)


class Values:
    """Turns texts into shell. `secrets` collects the names of secrets that they use."""

    def __init__(self, known: Collection[str], secrets: dict[str, str]) -> None:
        self._known = known
        self._secrets = secrets

    def quoted(self, text: str) -> str:
        """The text as one word of a shell, in double quotes. Raises NotUnderstood."""
        pieces = _PLACE.split(text)
        parts = [
            self._expansion(piece) if index % 2 else _ESCAPED.sub(r"\\\1", piece)
            for index, piece in enumerate(pieces)
        ]
        return f'"{"".join(parts)}"'

    def script(self, text: str) -> str:
        """A script with variables in place of expressions, never their values.

        Within single quotes, where a variable is not replaced, they are closed around it. Raises
        NotUnderstood.
        """
        pieces = _PLACE.split(text)
        written = ""
        for index, piece in enumerate(pieces):
            if index % 2 == 0:
                written += piece
                continue
            expansion = self._expansion(piece)
            line = written.rpartition("\n")[2]
            inside = line.count("'") % 2 == 1 and '"' not in line.partition("'")[0]
            written += f"'\"{expansion}\"'" if inside else expansion
        return written

    def _expansion(self, expression: str) -> str:
        return self._of(parse_expression(expression))

    def _of(self, part: Part) -> str:
        match part:
            case Constant(text):
                return _ESCAPED.sub(r"\\\1", text)
            case Reference(path):
                return self._reference(path)
            case Call("format", (Constant(form), *values)):
                return self._formatted(form, values)
            case Operation("||", Operation("&&", test, Constant() as chosen), other):
                return self._chosen(test, chosen, other)
            case Operation("||", Reference(path), other) if variable := self._variable(path):
                return f"${{{variable}:-{self._of(other)}}}"
        raise NotUnderstood("it computes a value")

    def _formatted(self, form: str, values: list[Part]) -> str:
        parts = re.split(r"\{(\d)\}", form)
        if any("{" in one or "}" in one for one in parts[::2]):
            raise NotUnderstood("it computes a value")
        found = ""
        for index, part in enumerate(parts):
            if index % 2 and int(part) >= len(values):
                raise NotUnderstood("`format` is given too little")
            found += self._of(values[int(part)]) if index % 2 else _ESCAPED.sub(r"\\\1", part)
        return found

    def _chosen(self, test: Part, chosen: Constant, other: Part) -> str:
        """GitHub's way of saying if and else."""
        if not chosen.text or not isinstance(other, Constant):
            raise NotUnderstood("it computes a value")
        condition = parse_condition(translated(test, self._known, _no_note)).root
        texts = (shlex.quote(chosen.text), shlex.quote(other.text))
        return "$(if {}; then printf %s {}; else printf %s {}; fi)".format(
            shell_test(condition), *texts
        )

    def _reference(self, path: str) -> str:
        if path in _CONSTANTS:
            return _CONSTANTS[path]
        if path in _SHELL:
            return _SHELL[path]
        variable = self._variable(path)
        if variable is None:
            raise NotUnderstood(f"nothing here is `{path}`")
        return f"${{{variable}}}"

    def _variable(self, path: str) -> str | None:
        context, _, name = path.removeprefix("github.event.").partition(".")
        if context == "secrets" and name:
            self._secrets[identifier(name)] = name
            return identifier(name)
        if context == "needs" and name.count(".") == 2 and ".outputs." in name:
            job, _, output = name.partition(".outputs.")
            return f"OUTPUT_{_upper(job)}_{_upper(output)}"
        if context == "matrix" and f"matrix.{identifier(name)}" in self._known:
            return f"MATRIX_{_upper(name)}"
        named = {"inputs": f"INPUT_{_upper(name)}", "env": identifier(name)}
        return named.get(context) or _VARIABLES.get(path) or self._token(path)

    def _token(self, path: str) -> str | None:
        if path != "github.token":
            return None
        self._secrets["GITHUB_TOKEN"] = "GITHUB_TOKEN"  # noqa: S105 - the name of a secret
        return "GITHUB_TOKEN"


def _upper(name: str) -> str:
    return _OTHER.sub("_", name.upper()).strip("_")


def _no_note(reason: str) -> None:
    raise NotUnderstood(reason)
