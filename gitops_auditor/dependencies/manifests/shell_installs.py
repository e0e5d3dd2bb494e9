"""Commands that run or install packages: npm and its kin, pip and its kin, go, cargo."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests import npm_specifiers
from gitops_auditor.dependencies.manifests.conda import conda_package
from gitops_auditor.dependencies.manifests.git_names import repository, revision_kind
from gitops_auditor.dependencies.manifests.shell_words import Word
from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

CONFIDENCE: Final = 0.5

_NPM_ADD: Final = frozenset({"install", "i", "add"})
_NPM_EXEC: Final = frozenset({"exec", "dlx", "x"})
_NPM_VALUES: Final = frozenset({"-C", "--dir", "--prefix", "--filter", "-F", "--registry", "--tag"})
_NPM_BUILT_IN: Final = frozenset(
    {
        "a",
        "access",
        "add",
        "adduser",
        "approve-builds",
        "audit",
        "bin",
        "bugs",
        "build",
        "c",
        "cache",
    }
    | {
        "ci",
        "config",
        "create",
        "dedupe",
        "deploy",
        "dev",
        "dist-tag",
        "dlx",
        "docs",
        "env",
        "exec",
    }
    | {"explain", "fetch", "fund", "generate-lock-entry", "get", "global", "help", "i", "import"}
    | {"info", "init", "install", "install-test", "it", "lint", "licenses", "link", "list", "ln"}
    | {"login", "logout", "ls", "m", "multi", "node", "npm", "outdated", "owner", "pack", "patch"}
    | {
        "patch-commit",
        "plugin",
        "policies",
        "preview",
        "prune",
        "publish",
        "rb",
        "rebuild",
        "remove",
    }
    | {
        "restart",
        "rm",
        "root",
        "run",
        "run-script",
        "self-update",
        "serve",
        "server",
        "set",
        "setup",
    }
    | {"setup-ci", "start", "stop", "store", "t", "team", "test", "typecheck", "un", "uninstall"}
    | {"unlink", "up", "update", "upgrade", "upgrade-interactive", "version", "versions", "view"}
    | {"watch", "whoami", "why", "workspace", "workspaces"}
)
_PIP_VALUES: Final = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f"}
    | {"--find-links", "-t", "--target", "--prefix", "--root", "--python", "-p", "--cache-dir"}
    | {"--no-binary", "--only-binary", "--platform", "--progress-bar", "--python-version", "--src"}
    | {"--trusted-host", "--timeout", "--retries", "--upgrade-strategy", "--build-constraint"}
)
_CONDA_VALUES: Final = frozenset(
    {"-c", "--channel", "-n", "--name", "-p", "--prefix", "--file", "-f", "--solver", "--platform"}
)
_REQUIREMENT = re.compile(
    r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:\[[^\]]*\])?\s*(@\S+|(?:===?|~=|!=|[<>]=?|=)[^;]*)?"
)
_GO_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:/[\w.~-]+)+")
_CARGO_VALUES: Final = frozenset(
    {"--version", "--features", "--root", "--git", "--tag", "--branch"}
)

Found = Iterator[Declaration]


def positional(words: Sequence[Word], with_value: frozenset[str]) -> Iterator[Word]:
    """The words that are neither options nor the values of options."""
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.text.startswith("-"):
            skip = word.text in with_value
        elif word.text:
            yield word


def option(words: Sequence[Word], *names: str) -> Word | None:
    """The value of the first option of these names: `-b x` or `--branch=x`."""
    for index, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if name in names:
            if equals:
                return Word(value, word.line)
            return words[index + 1] if index + 1 < len(words) else None
    return None


def _npm_package(word: Word, name: str = "") -> Found:
    package, version = npm_specifiers.split_version(word.text)
    if npm_specifiers.is_package_name(package) and "$" not in word.text and package[:1] != ".":
        found = npm_specifiers.declaration(
            package, version, scope=Scope.DEV, line=word.line, confidence=CONFIDENCE
        )
        yield found._replace(name=name or found.name)


def _npx(words: Sequence[Word]) -> Found:
    """`npx [-y] [-p package] command`: the package option, else the command itself."""
    package = option(words, "-p", "--package")
    chosen = package or next(positional(words, _NPM_VALUES), None)
    if chosen is not None:
        yield from _npm_package(chosen)


def _npm(words: Sequence[Word]) -> Found:
    rest = list(positional(words, _NPM_VALUES))
    if rest and rest[0].text == "global":
        rest = rest[1:]
    if rest and rest[0].text in _NPM_ADD:
        for word in rest[1:]:
            if "/" not in word.text or word.text.startswith("@"):
                yield from _npm_package(word)
    elif rest and rest[0].text in _NPM_EXEC:
        yield from _npx(words[words.index(rest[0]) + 1 :])


def _runner(manager: str) -> Callable[[Sequence[Word]], Found]:
    """pnpm, Yarn and Bun also run the commands of installed packages by their bare name."""

    def run(words: Sequence[Word]) -> Found:
        rest = next(positional(words, _NPM_VALUES), None)
        if rest is None or rest.text in _NPM_BUILT_IN:
            yield from _npm(words)
        elif ":" not in rest.text and "@" not in rest.text:
            yield from _npm_package(rest, f"{manager} {rest.text}")

    return run


def _pip(words: Sequence[Word]) -> Found:
    rest = list(positional(words, _PIP_VALUES))
    while rest and rest[0].text in {"pip", "tool"}:
        rest = rest[1:]
    if rest and rest[0].text in {"install", "download", "wheel", "add", "inject", "run"}:
        chosen = rest[1:2] if rest[0].text == "run" else rest[1:]
        for word in chosen:
            yield from _requirement(word)


def _conda(words: Sequence[Word]) -> Found:
    """`conda install name`, `name=1.2` and `channel::name`; conda-forge has PyPI's names."""
    rest = list(positional(words, _CONDA_VALUES))
    if rest and rest[0].text in {"install", "create"}:
        for word in rest[1:]:
            for found in conda_package(word.text, line=word.line, scope=Scope.DEV):
                yield found._replace(confidence=CONFIDENCE)


def _uv(words: Sequence[Word]) -> Found:
    """`uv run` runs what the project declares; the other subcommands name packages."""
    if words and words[0].text in {"pip", "tool", "add"}:
        yield from _pip(words)


def _uvx(words: Sequence[Word]) -> Found:
    chosen = option(words, "--from", "--spec") or next(positional(words, _PIP_VALUES), None)
    if chosen is not None:
        yield from _requirement(chosen)


def _pipx(words: Sequence[Word]) -> Found:
    spec = option(words, "--spec")
    yield from _requirement(spec) if spec is not None else _pip(words)


def _requirement(word: Word) -> Found:
    written = word.text
    if "git+" in written:
        yield from _from_git(written[written.index("git+") :], word.line)
        return
    found = _REQUIREMENT.fullmatch(written.partition(";")[0].strip())
    if found is None or written.endswith((".whl", ".txt", ".tar.gz", ".zip")):
        return
    constraint = (found[2] or "").strip()
    constraint = f"=={constraint[1:]}" if constraint.startswith("@") else constraint
    yield Declaration(
        DependencyType.PYTHON,
        found[1],
        Reference("pypi", found[1]),
        constraint,
        _python_kind(constraint),
        Scope.DEV,
        CONFIDENCE,
        word.line,
    )


def _python_kind(constraint: str) -> ConstraintKind:
    if not constraint:
        return ConstraintKind.NONE
    if "$" in constraint or "{" in constraint:
        return ConstraintKind.DYNAMIC
    if constraint == "==latest":
        return ConstraintKind.TAG
    is_exact = constraint.startswith("==") and "*" not in constraint
    return ConstraintKind.EXACT if is_exact else ConstraintKind.RANGE


def _from_git(address: str, line: int) -> Found:
    """`git+https://host/owner/name@revision#egg=x`, as pip takes it."""
    address = address.partition("#")[0]
    base, at, revision = address.rpartition("@")
    if not at or ("/" in revision and base.count("/") < 4):
        base, revision = address, ""
    reference = repository(base)
    if reference is not None:
        kind = revision_kind(revision)
        yield Declaration(
            DependencyType.GIT, base, reference, revision, kind, Scope.DEV, CONFIDENCE, line
        )


def _go(words: Sequence[Word]) -> Found:
    if not words or words[0].text not in {"install", "run", "get"}:
        return
    for word in positional(words[1:], frozenset({"-tags", "-ldflags", "-o"})):
        path, _, version = word.text.partition("@")
        if version and _GO_PATH.fullmatch(path):
            kind = revision_kind(version)
            reference = Reference("go", path)
            yield Declaration(
                DependencyType.GO, path, reference, version, kind, Scope.DEV, CONFIDENCE, word.line
            )


def _cargo(words: Sequence[Word]) -> Found:
    if not words or words[0].text not in {"install", "binstall"}:
        return
    for word in positional(words[1:], _CARGO_VALUES):
        name, _, version = word.text.partition("@")
        if re.fullmatch(r"[A-Za-z][\w-]*", name):
            kind = revision_kind(version)
            reference = Reference("crate", name)
            yield Declaration(
                DependencyType.RUST,
                name,
                reference,
                version,
                kind,
                Scope.DEV,
                CONFIDENCE,
                word.line,
            )


HANDLERS: Final[Mapping[str, Callable[[Sequence[Word]], Found]]] = {
    "npx": _npx,
    "bunx": _npx,
    "npm": _npm,
    "pnpm": _runner("pnpm"),
    "yarn": _runner("yarn"),
    "bun": _npm,
    "pip": _pip,
    "pip3": _pip,
    "pipx": _pipx,
    "conda": _conda,
    "mamba": _conda,
    "micromamba": _conda,
    "uv": _uv,
    "uvx": _uvx,
    "go": _go,
    "cargo": _cargo,
}
