"""Shell scripts, make and just files, Dockerfiles and CI pipelines, read line by line for commands.

What they say is not declared but done, so every statement has a confidence below 0.7. Lines and not
the structure around them are read, which keeps the line numbers true in every kind of file.
"""

from typing import Final

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.matrix_installs import matrix_installs
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.shell_commands import commands_in
from gitops_auditor.dependencies.models import ManifestFacts, Problem, Scope

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


def read_script(file: ManifestFile) -> ManifestFacts:
    """Commands that people and builds run."""
    return _read(file, Scope.DEV)


def read_pipeline_script(file: ManifestFile) -> ManifestFacts:
    """Commands that CI runs, with what they install by the entries of a matrix."""
    read = _read(file, Scope.CI)
    installs = commands_in(matrix_installs(file.text), scope_of_path(file.path, Scope.CI))
    return read._replace(declarations=(*read.declarations, *installs))


def read_image_script(file: ManifestFile) -> ManifestFacts:
    """Commands that build an image, and so put into it what they install."""
    return _read(file, Scope.RUNTIME)


def _read(file: ManifestFile, scope: Scope) -> ManifestFacts:
    if len(file.content) > _LIMIT:
        message = f"The script has {len(file.content)} bytes; the limit is {_LIMIT}."
        return ManifestFacts(problems=(Problem(message, 0, 0),))
    lines = zip(file.text.split("\n"), range(1, _LIMIT), strict=False)
    return ManifestFacts(tuple(commands_in(lines, scope_of_path(file.path, scope))))


def _is_pipeline(path: str) -> bool:
    return path.startswith(_CI_FOLDERS)


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
        "image script",
        read_image_script,
        names=frozenset({"Dockerfile", "Containerfile"}),
        claim_suffixes=("",),
        claims=_is_dockerfile,
    ),
)
