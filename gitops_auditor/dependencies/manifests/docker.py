"""Dockerfiles and Containerfiles: the images that stages are built from or copy from.

Tokens come from BuildKit's own parser; Dockerfile reference, instructions FROM, ARG, COPY and RUN.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import dockerfile

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path, weaker
from gitops_auditor.dependencies.manifests.images import image_declaration, image_offers
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.variables import expand
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Problem, Scope

_SYNTAX = re.compile(r"#\s*syntax\s*=\s*(\S+)", re.IGNORECASE)
_DIRECTIVE = re.compile(r"#\s*\w+\s*=")
_MOUNT_FROM = re.compile(r"(?:^|,)from=([^,\s]+)")
_ERROR_LINE = re.compile(r"line (\d+)")
_NOT_RECIPES = (".dockerignore", ".md", ".sh", ".py", ".rst")


class _Command(Protocol):
    """What the parser yields; `value` holds the words behind the instruction."""

    @property
    def cmd(self) -> str | None: ...
    @property
    def start_line(self) -> int: ...
    @property
    def flags(self) -> tuple[str, ...]: ...
    @property
    def value(self) -> tuple[str, ...]: ...


class _Use(NamedTuple):
    image: str
    line: int
    stage: int
    mounted: bool = False
    owner: str = ""
    """Registry and owner of the image, when arguments of the file set both."""


class _Stages:
    """Follows the instructions of one Dockerfile and collects the images that are used."""

    def __init__(self) -> None:
        self.uses: list[_Use] = []
        self.bases: list[int] = []
        """For each stage the index of the stage it is built upon, -1 for an image."""
        self._names: dict[str, int] = {}
        self._global: dict[str, str] = {}
        self._local: dict[str, str] = {}

    def follow(self, command: _Command) -> None:
        name = (command.cmd or "").upper()
        if name == "FROM" and command.value:
            self._begin(command)
        elif name == "ARG":
            self._arguments(command)
        elif name in {"COPY", "ADD"}:
            self._taken(command, "--from=")
        elif name == "RUN":
            self._taken(command, "--mount=")

    def runtime_stages(self) -> set[int]:
        """The last stage and the stages it is built upon."""
        stages: set[int] = set()
        stage = len(self.bases) - 1
        while stage >= 0 and stage not in stages:
            stages.add(stage)
            stage = self.bases[stage]
        return stages

    def _begin(self, command: _Command) -> None:
        image = expand(command.value[0], self._global)
        base = self._names.get(image.lower(), -1)
        self.bases.append(base)
        self._local = {}
        stage = len(self.bases) - 1
        if base < 0 and image.lower() != "scratch":
            self.uses.append(_Use(image, command.start_line, stage, owner=self._owner(image)))
        if len(command.value) >= 3 and command.value[1].upper() == "AS":
            self._names[command.value[2].lower()] = stage

    def _owner(self, image: str) -> str:
        """`registry/owner` of the file's arguments REGISTRY and OWNER if the image is under it."""
        owner = f"{self._global.get('REGISTRY')}/{self._global.get('OWNER')}"
        return owner if image.startswith(f"{owner}/") else ""

    def _arguments(self, command: _Command) -> None:
        values = self._local if self.bases else self._global
        for word in command.value:
            name, equals, value = word.partition("=")
            if equals:
                values[name] = expand(value.strip("\"'"), {**self._global, **values})
            elif name in self._global:
                values[name] = self._global[name]

    def _taken(self, command: _Command, flag: str) -> None:
        for word in command.flags:
            source = _source_of(word) if word.startswith(flag) else ""
            image = expand(source, {**self._global, **self._local})
            if image and not image.isdigit() and image.lower() not in self._names:
                stage = len(self.bases) - 1
                mounted = flag == "--mount="
                self.uses.append(_Use(image, command.start_line, stage, mounted=mounted))


def read_dockerfile(file: ManifestFile) -> ManifestFacts:
    """The images of one Dockerfile.

    Images that the last stage is built upon or copies from are runtime, those of other stages and
    of mounts are build. Values of ARG are their defaults in the file; an image whose name stays
    unknown is left out.
    """
    if not file.content.strip():
        return ManifestFacts()
    try:
        commands = dockerfile.parse_string(file.text)
    except (dockerfile.GoParseError, UnicodeError, ValueError) as error:
        return ManifestFacts(problems=(_problem(error),))
    stages = _Stages()
    for command in commands:
        stages.follow(command)
    runtime = stages.runtime_stages()
    images = [*_syntax_image(file), *(_declared(use, runtime, file.path) for use in stages.uses)]
    return ManifestFacts(
        declarations=_each_once(images),
        provisions=image_offers(_named_by_folder(file.path, stages.uses)),
    )


def _declared(use: _Use, runtime: set[int], path: str) -> Declaration | None:
    scope = Scope.BUILD if use.mounted or use.stage not in runtime else Scope.RUNTIME
    return image_declaration(use.image, line=use.line, scope=scope_of_path(path, scope))


def _each_once(images: Iterable[Declaration | None]) -> tuple[Declaration, ...]:
    """An image of several stages is one dependency, at its first line and of its strongest tie."""
    found: dict[tuple[str, str], Declaration] = {}
    for image in images:
        if image is not None:
            first = found.setdefault((image.name, image.constraint), image)
            if first.scope is weaker(first.scope, image.scope):
                found[image.name, image.constraint] = first._replace(scope=image.scope)
    return tuple(found.values())


def _named_by_folder(path: str, uses: list[_Use]) -> Iterator[tuple[str, int]]:
    """An image whose owner is an argument is rebuilt under that owner by its folder's name."""
    folder, _, name = path.rpartition("/")
    for use in uses:
        if use.owner and folder and name == "Dockerfile":
            yield f"{use.owner}/{folder.rpartition('/')[2]}", use.line


def _syntax_image(file: ManifestFile) -> Iterator[Declaration | None]:
    """The frontend image of a `# syntax=` directive, which only the first lines may hold."""
    for number, line in enumerate(file.text.split("\n", 8)[:8], start=1):
        found = _SYNTAX.match(line)
        if found:
            scope = weaker(Scope.BUILD, scope_of_path(file.path))
            yield image_declaration(found.group(1), line=number, scope=scope)
        if not _DIRECTIVE.match(line):
            return


def _source_of(flag: str) -> str:
    """The image or stage that `--from=x` or `--mount=type=bind,from=x` names, else nothing."""
    name, _, value = flag.partition("=")
    if name == "--from":
        return value
    found = _MOUNT_FROM.search(value)
    return found.group(1) if found else ""


def _problem(error: Exception) -> Problem:
    message = str(error).strip() or "The Dockerfile cannot be parsed"
    line = _ERROR_LINE.search(message)
    return Problem(message, int(line.group(1)) if line else 0, 0)


def _claims(path: str) -> bool:
    name = path.rpartition("/")[2]
    if not name.startswith(("Dockerfile", "Containerfile", "dockerfile")):
        return False
    rest = name[len("Dockerfile") :] if name[0] in "Dd" else name[len("Containerfile") :]
    return rest[:1] in {"", ".", "-", "_"} and not rest.endswith(_NOT_RECIPES)


READER = ManifestReader(
    name="dockerfile",
    read=read_dockerfile,
    suffixes=(".Dockerfile", ".dockerfile", ".Containerfile", ".containerfile"),
    claim_suffixes=("",),
    claims=_claims,
)
