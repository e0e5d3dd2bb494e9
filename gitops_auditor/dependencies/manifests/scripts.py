"""Shell scripts, make and just files, Dockerfiles and CI pipelines, read line by line for commands.

What they say is not declared but done, so every statement has a confidence below 0.7. Lines and not
the structure around them are read, which keeps the line numbers true in every kind of file.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.images import templated_image
from gitops_auditor.dependencies.manifests.matched_lines import lines_with
from gitops_auditor.dependencies.manifests.matrix_installs import matrix_installs
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shell_commands import commands_in, commands_in_text
from gitops_auditor.dependencies.manifests.shell_installs import CONFIDENCE
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    ManifestFacts,
    Problem,
    Reference,
    Scope,
)

_LIMIT: Final = 1024 * 1024
_MAKE: Final = frozenset(
    {"Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".justfile", "Jenkinsfile"}
    | {"Taskfile.yml", "Taskfile.yaml", "Procfile", "Vagrantfile", "Brewfile"}
)
_PIPELINES: Final = frozenset(
    {".gitlab-ci.yml", ".gitlab-ci.yaml", ".travis.yml", ".woodpecker.yml", ".woodpecker.yaml"}
    | {".drone.yml", ".appveyor.yml", "appveyor.yml", "azure-pipelines.yml", "cloudbuild.yaml"}
    | {
        ".readthedocs.yml",
        ".readthedocs.yaml",
        "action.yml",
        "action.yaml",
        "bitbucket-pipelines.yml",
    }
)
_CI_FOLDERS: Final = (
    ".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/", ".circleci/", ".gitlab/",
    ".woodpecker/", ".buildkite/", ".azure-pipelines/",
)  # fmt: skip
_SCRIPT_FOLDERS: Final = frozenset({"bin", "ci", ".ci", "hack", "script", "scripts", "tools"})
_SHELL = re.compile(rb"#!\s*(?:/\S*/env\s+)?\S*\b(?:ba|da|k|z)?sh\b")
_ARG = re.compile(r"^ARG[ \t]+(?P<name>\w+)=(?P<value>[^\s$]+)[ \t]*$", re.MULTILINE)
_REPOSITORY = re.compile(
    r"[ \t]*(?:-[ \t]+)?(?:github[-_])?repo(?:sitory)?:[ \t]+[\"']?"
    r"(?P<name>[A-Za-z0-9][\w.-]*/[\w.-]+)[\"']?[ \t]*(?:#.*)?$"
)
_REPOSITORY_KEY = re.compile(r"repo(?:sitory)?:[ \t]")
_IMAGE_INPUT = re.compile(
    r"[ \t]+(?!(?:tags?|images?|cache-\w+|outputs?|container):)[\w.-]+(?::[ \t]+|=)[\"']?"
    r"(?P<image>(?:quay\.io|ghcr\.io|docker\.io|gcr\.io)/(?:\$\{\{[^}]*\}\}|[^\s\"'$]){1,250}"
    r"[:@](?:\$\{\{[^}]*\}\}|[^\s\"'$]){1,250})[\"']?[ \t]*(?:#.*)?$"
)
_REGISTRY = re.compile(r"\.io/")


def read_script(file: ManifestFile) -> ManifestFacts:
    """Commands that people and builds run."""
    return _read(file, Scope.DEV)


def read_pipeline_script(file: ManifestFile) -> ManifestFacts:
    """Commands that CI runs, with what they install by the entries of a matrix."""
    read = _read(file, Scope.CI)
    scope = scope_of_path(file.path, Scope.CI)
    installs = commands_in(list(matrix_installs(file.text)), scope)
    given = (*_given(file.text, scope), *_given_images(file.text, scope))
    return read._replace(declarations=(*read.declarations, *installs, *given))


def _given(text: str, scope: Scope) -> Iterator[Declaration]:
    """Repositories that a step or a matrix is given by name, to check out or to watch."""
    for written, line in lines_with(text, _REPOSITORY_KEY):
        found = _REPOSITORY.match(written)
        if found is None:
            continue
        reference = Reference("repository", found["name"].lower())
        yield Declaration(
            DependencyType.GIT, found["name"], reference, "", ConstraintKind.NONE, scope,
            CONFIDENCE, line,
        )  # fmt: skip


def _given_images(text: str, scope: Scope) -> Iterator[Declaration]:
    """Images in the inputs of actions; what an action builds or pushes is no dependency."""
    for written, line in lines_with(text, _REGISTRY):
        found = _IMAGE_INPUT.match(written)
        if found is not None:
            image = templated_image(found["image"], line=line, scope=scope, confidence=CONFIDENCE)
            yield from [image] if image is not None else []


def read_image_script(file: ManifestFile) -> ManifestFacts:
    """Commands that build an image, and so put into it what they install; ARG defaults put in."""
    defaults = {found["name"]: found["value"].strip("\"'") for found in _ARG.finditer(file.text)}
    return _read(file, Scope.RUNTIME, defaults)


def read_unnamed_script(file: ManifestFile) -> ManifestFacts:
    """A script that only its first line shows to be one of a shell."""
    if _SHELL.match(file.content) is None:
        return ManifestFacts()
    return _read(file, Scope.DEV)


def _read(
    file: ManifestFile, scope: Scope, values: Mapping[str, str] | None = None
) -> ManifestFacts:
    if len(file.content) > _LIMIT:
        message = f"The script has {len(file.content)} bytes; the limit is {_LIMIT}."
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    text = expand(file.text, values) if values else file.text
    return ManifestFacts(tuple(commands_in_text(text, scope_of_path(file.path, scope))))


def _is_pipeline(path: str) -> bool:
    return path.startswith(_CI_FOLDERS)


def _may_be_script(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return "." not in name and folder.rpartition("/")[2] in _SCRIPT_FOLDERS


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.startswith(("Dockerfile", "Containerfile")) or name.endswith(
        (".Dockerfile", ".dockerfile", ".Containerfile")
    )


READERS: Final = (
    ManifestReader("script", read_script, names=_MAKE, suffixes=(".sh", ".bash", ".mk")),
    ManifestReader(
        "pipeline script",
        read_pipeline_script,
        names=_PIPELINES,
        claim_suffixes=(".yml", ".yaml"),
        claims=_is_pipeline,
    ),
    ManifestReader(
        "unnamed script",
        read_unnamed_script,
        names=frozenset({"postBuild", "post-build", "entrypoint", "bootstrap"}),
        claim_suffixes=("",),
        claims=_may_be_script,
    ),
    ManifestReader(
        "image script",
        read_image_script,
        names=frozenset({"Dockerfile", "Containerfile"}),
        claim_suffixes=("",),
        claims=_is_dockerfile,
    ),
)
