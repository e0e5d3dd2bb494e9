"""What published actions do, as far as a job here has something of its own for it."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from gitops_auditor.errors import JsonValue
from gitops_auditor.formats.nodes import Node, mapping, written
from gitops_auditor.pipelines.github_actions.condition_import import identifier
from gitops_auditor.pipelines.github_actions.trigger_import import ReportNode

_SETUP = re.compile(r"(?:[\w.-]+/)?setup-([\w.-]+)", re.ASCII)
_PLACE = re.compile(r"\$\{\{ *(.*?) *\}\}", re.DOTALL)
_HASHED = re.compile(r"hashFiles\((.*)\)", re.DOTALL)
_QUOTED = re.compile(r"'([^']*)'")
_MATRIX = re.compile(r"matrix\.([A-Za-z_][\w-]*)", re.ASCII)
_GLOB = re.compile(r"[*?\[\]!]")
_CHECKOUT_SETTINGS: Final = {"persist-credentials", "fetch-depth", "fetch-tags", "show-progress"}
_KEY_NAMES: Final = {
    "runner.os": "os",
    "runner.arch": "arch",
    "github.ref": "branch",
    "github.ref_name": "branch",
    "github.head_ref": "branch",
    "github.base_ref": "base_branch",
    "github.job": "job",
}
_DAY: Final = 86_400


class Use(NamedTuple):
    """A step that uses an action: its name without version, its settings, and where it stands."""

    action: str
    settings: Mapping[str, Node]
    node: Node
    path: str
    condition: str


class Job(NamedTuple):
    """What the steps of a job add up to, beside its script."""

    fields: dict[str, JsonValue]
    tools: list[str]


def use_of(step: Node, path: str) -> Use:
    """The action of a step that has `uses`."""
    fields = mapping(step)
    action = written(fields["uses"]).partition("@")[0]
    return Use(action, mapping(fields.get("with")), fields["uses"], path, written(fields.get("if")))


def apply_action(use: Use, job: Job, report: ReportNode) -> bool:
    """Add to the job what the action does; False when nothing here does it."""
    match use.action:
        case "actions/checkout":
            _checkout(use, report)
        case "actions/cache" | "actions/cache/restore" | "actions/cache/save":
            _cache(use, job, report)
        case "actions/upload-artifact":
            _upload(use, job, report)
        case "actions/download-artifact":
            reason = "jobs of a run share a checkout: files are where the job before left them"
            report(use.path, use.node, reason)
        case _:
            return _setup(use, job, report)
    return True


def _setup(use: Use, job: Job, report: ReportNode) -> bool:
    found = _SETUP.fullmatch(use.action)
    if found is None:
        report(use.path, use.node, f"nothing here does what `{use.action}` does")
        return False
    names = [one for one in use.settings if one.endswith(("version", "version-file"))]
    wanted = " ".join(written(use.settings[one]) for one in names)
    tool = _PLACE.sub(r"\1", f"{found[1]} {wanted}".strip())
    if tool not in job.tools:
        job.tools.append(tool)
    report(use.path, use.node, f"the machine has to have {tool}")
    return True


def _checkout(use: Use, report: ReportNode) -> None:
    for name, node in use.settings.items():
        if name not in _CHECKOUT_SETTINGS:
            reason = "a job starts in a checkout of the commit, with nothing to set"
            report(f"{use.path}.with.{name}", node, reason)


def _cache(use: Use, job: Job, report: ReportNode) -> None:
    paths = _paths(use, report)
    if not paths:
        return
    if "cache" in job.fields:
        report(use.path, use.node, "a job has one cache here; the first is kept")
        return
    cache: dict[str, JsonValue] = {"paths": [*paths]}
    if "key" in use.settings:
        key = _key(written(use.settings["key"]))
        if key is None:
            reason = "the key cannot be said here: the job has one cache, whatever changes"
            report(f"{use.path}.with.key", use.settings["key"], reason)
        else:
            cache["key"] = key
    if "restore-keys" in use.settings:
        reason = "a cache is found by its whole key"
        report(f"{use.path}.with.restore-keys", use.settings["restore-keys"], reason)
    job.fields["cache"] = cache


def _key(text: str) -> str | None:
    parts: list[str] = []
    for index, piece in enumerate(_PLACE.split(text)):
        part = _key_place(piece.strip()) if index % 2 else piece
        if part is None or (index % 2 == 0 and ("{{" in piece or "}}" in piece)):
            return None
        parts.append(part)
    return "".join(parts)[:500] or None


def _key_place(expression: str) -> str | None:
    if expression in _KEY_NAMES:
        return f"{{{{ {_KEY_NAMES[expression]} }}}}"
    if matrix := _MATRIX.fullmatch(expression):
        return f"{{{{ matrix.{identifier(matrix[1])} }}}}"
    hashed = _HASHED.fullmatch(expression)
    files = _QUOTED.findall(hashed[1]) if hashed else []
    if not files or any(_GLOB.search(one) or _leaves(one) for one in files):
        return None
    return "".join(f'{{{{ checksum "{one}" }}}}' for one in files)


def _leaves(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def _paths(use: Use, report: ReportNode) -> list[str]:
    node = use.settings.get("path")
    found: list[str] = []
    for line in written(node).splitlines():
        path = line.strip().removeprefix("./") or "."
        if not line.strip():
            continue
        if "${{" in path or _leaves(path) or path.startswith("!"):
            report(f"{use.path}.with.path", node or use.node, f"{path!r} is no path to keep here")
        else:
            found.append(path)
    return found


def _upload(use: Use, job: Job, report: ReportNode) -> None:
    paths = _paths(use, report)
    if not paths:
        return
    if "artifacts" in job.fields:
        report(use.path, use.node, "a job keeps one set of artifacts here; the first is kept")
        return
    kept: dict[str, JsonValue] = {"paths": [*paths]}
    name = written(use.settings.get("name"))
    if name and "${{" not in name and "/" not in name:
        kept["name"] = name
    if "always()" in use.condition or "!cancelled()" in use.condition:
        kept["when"] = "always"
    elif "failure()" in use.condition:
        kept["when"] = "failure"
    days = written(use.settings.get("retention-days"))
    if days.isdigit() and 0 < int(days) <= 30:
        kept["expire_in"] = int(days) * _DAY
    for setting in ("if-no-files-found", "compression-level", "overwrite"):
        if setting in use.settings:
            reason = "artifacts have no such setting here"
            report(f"{use.path}.with.{setting}", use.settings[setting], reason)
    job.fields["artifacts"] = kept
