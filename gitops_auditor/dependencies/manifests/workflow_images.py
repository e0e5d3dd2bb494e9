"""GitHub workflows and GitLab pipelines: the container images that they build or push.

Inputs of `docker/build-push-action` and `docker/metadata-action`, of the Home Assistant builder and
of a few like them, and the build commands of scripts. Dependencies of workflows are read elsewhere.
"""

import re
from collections.abc import Iterator, Sequence

from gitops_auditor.dependencies.manifests.build_commands import built_images
from gitops_auditor.dependencies.manifests.images import image_offers
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import ManifestFacts

_BUILDS = re.compile(
    r"uses:\s*[\"']?(?:docker/(?:build-push-action|metadata-action|bake-action)|"
    r"jupyterhub/action-major-minor-tag-calculator|"
    r"redhat-actions/(?:buildah-build|push-to-registry)|home-assistant/builder/[\w./-]+)@"
)
_INPUT = re.compile(r"\s*(?:tags|images|image|prefix)\s*:\s*(?P<value>.*)$")
_BARE_NAME = re.compile(
    r"\s*image[-_]name\s*:\s*[\"']?"
    r"(?P<name>[a-z0-9][a-z0-9._-]*|\$\{\{\s*env\.\w+\s*\}\})[\"']?\s*$"
)
_BLOCK_MARK = re.compile(r"[|>][+-]?\d?\s*(?:#.*)?$|$")
_VALUE = re.compile(
    r"\s+(?P<name>[A-Za-z_]\w*)\s*:\s*[\"']?"
    r"(?P<value>(?:\$\{\{.*?\}\}|[^\s\"'#{}])+)[\"']?\s*(?:#.*)?$"
)
_EXPRESSION = re.compile(r"\$\{\{\s*(?P<inside>[^{}]*?)\s*\}\}")
_PLACEHOLDERS = {
    "github.repository_owner": "{owner}",
    "matrix.arch": "{arch}",
    "matrix.architecture": "{arch}",
}
_LIST_ITEM = re.compile(r"(?:^|,)(?:name=)?(?P<image>[^,=]+)")
_OWNED = "ghcr.io/{owner}/"
_MAX_DEPTH = 4


def read_workflow(file: ManifestFile) -> ManifestFacts:
    """The images that a workflow builds or pushes, with the literal values of `env` put in.

    `${{ github.repository_owner }}` becomes the placeholder `{owner}`; an `image-name` without
    registry is taken to be pushed to GitHub's registry under that owner.
    """
    if b"docker" not in file.content and b"image" not in file.content:
        return ManifestFacts()
    lines = file.text.splitlines()
    assigned = filter(None, map(_VALUE.match, lines))
    values = {found["name"]: found["value"] for found in assigned}
    named = [*_bare_names(lines), *_step_images(lines), *built_images(lines)]
    offers = image_offers((_resolved(text, values), number) for text, number in named)
    return ManifestFacts(provisions=offers)


def _bare_names(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(lines, start=1):
        found = _BARE_NAME.match(line)
        if found:
            yield _OWNED + found["name"], number
            yield f"{_OWNED}{{arch}}-{found['name']}", number


def _step_images(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Image names in the inputs of steps that build images."""
    for start, end in _building_steps(lines):
        block = -1
        for number in range(start, end):
            line = lines[number]
            indent = len(line) - len(line.lstrip())
            found = _INPUT.match(line)
            if 0 <= block < indent:
                yield from ((image, number + 1) for image in _listed(line))
            elif found:
                block = indent if _BLOCK_MARK.match(found["value"]) else -1
                yield from ((image, number + 1) for image in _listed(found["value"]))
            elif line.strip():
                block = -1


def _building_steps(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last line of every step that uses an action which builds images."""
    for number, line in enumerate(lines):
        if _BUILDS.search(line):
            indent = len(line) - len(line.lstrip(" -"))
            end = number + 1
            while end < len(lines) and not _leaves(lines[end], indent):
                end += 1
            yield number + 1, end


def _leaves(line: str, indent: int) -> bool:
    """Whether a line belongs to the next step or job."""
    stripped = line.lstrip()
    return bool(stripped) and len(line) - len(stripped) < indent


def _listed(value: str) -> Iterator[str]:
    """The images of one line: a name, a comma-separated list, or `name=...,enable=...`."""
    text = value.strip().strip("\"'").removeprefix("- ").strip("\"'")
    if not text.startswith(("#", "type=", "|", ">")):
        for found in _LIST_ITEM.finditer(text):
            yield found["image"].strip().rstrip(":")


def _resolved(text: str, values: dict[str, str], depth: int = _MAX_DEPTH) -> str:
    def value(found: re.Match[str]) -> str:
        inside = found["inside"]
        if inside.startswith("env."):
            return values.get(inside.removeprefix("env."), found.group())
        return _PLACEHOLDERS.get(inside, found.group())

    resolved = expand(_EXPRESSION.sub(value, text), values)
    return resolved if resolved == text or not depth else _resolved(resolved, values, depth - 1)


def _claims(path: str) -> bool:
    return path.startswith((".github/workflows/", ".github/actions/"))


READER = ManifestReader(
    name="image-build-workflow",
    read=read_workflow,
    names=frozenset({".gitlab-ci.yml"}),
    claim_suffixes=(".yml", ".yaml"),
    claims=_claims,
)
