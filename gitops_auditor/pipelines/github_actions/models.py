"""What goes into a conversion and what comes out of it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from gitops_auditor import __version__


class NotMapped(NamedTuple):
    """Something of a definition that the workflow says differently or not at all.

    `path` leads to it, as in `stages.build.compile.timeout`.
    """

    path: str
    reason: str


class NotCarriedOver(NamedTuple):
    """Something of a workflow that the definition says differently or not at all.

    Line and column are 1-based positions in the workflow.
    """

    path: str
    line: int
    column: int
    reason: str


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a workflow is made.

    A `native` workflow is the pipeline itself in GitHub's terms. A `managed` one is started by the
    platform, runs the repository's pipeline of this name with the platform's own command, installed
    from the requirement `package`, and reports back. `prefix` begins the file name; `runs_on` are
    labels of the runner, such as `self-hosted` for one that reaches a server on a local network.
    `definition_path` is the pipeline's file, empty when it is stored on the platform only.
    """

    shape: Literal["native", "managed"] = "native"
    prefix: str = "gitops-managed"
    runs_on: tuple[str, ...] = ("ubuntu-latest",)
    definition_path: str = ""
    package: str = f"gitops-auditor=={__version__}"


@dataclass(frozen=True, slots=True)
class Exported:
    """A workflow file for `.github/workflows`, and what it does not say."""

    file_name: str
    text: str
    not_mapped: tuple[NotMapped, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """A definition that `parse_definition` reads, and what of the workflow it does not say.

    `tools` are the programs that the workflow had set up, such as `node 20`: the machine that runs
    the pipeline has to have them.
    """

    definition_text: str
    not_carried_over: tuple[NotCarriedOver, ...]
    tools: tuple[str, ...]
