"""Which npm package a tool means by the short name of a shared configuration.

ESLint "Shareable Configs", commitlint "Shareable configuration", TypeScript `extends`.
"""

import re
from collections.abc import Callable
from typing import Final

from gitops_auditor.dependencies.models import (
    ConstraintKind,
    Declaration,
    DependencyType,
    Reference,
    Scope,
)

_PACKAGE = re.compile(r"(?:@[a-z0-9~-][\w.~-]*/)?[a-z0-9~][\w.~-]*", re.IGNORECASE)
_SCHEMES: Final = ("node:", "bun:", "data:", "http:", "https:", "file:", "npm:", "jsr:")
_NODE_MODULES: Final = frozenset(
    {
        "assert",
        "buffer",
        "child_process",
        "crypto",
        "events",
        "fs",
        "http",
        "https",
        "module",
        "net",
    }
    | {"os", "path", "perf_hooks", "process", "querystring", "readline", "stream", "timers", "url"}
    | {"util", "v8", "vm", "worker_threads", "zlib"}
)

NameRule = Callable[[str], str]
"""From the name in a configuration to the npm package, "" when it names none."""


def imported_package(written: str) -> str:
    """The package of an import: `@scope/name/sub/path` is `@scope/name`."""
    if not written or written.startswith((".", "/", "#", "~", "$", *_SCHEMES)):
        return ""
    parts = written.split("/")
    name = "/".join(parts[: 2 if written.startswith("@") else 1])
    if name in _NODE_MODULES or _PACKAGE.fullmatch(name) is None:
        return ""
    return name if "/" in name or not name.startswith("@") else ""


def eslint_package(written: str) -> str:
    """`airbnb/hooks` is `eslint-config-airbnb`, `plugin:react/x` is `eslint-plugin-react`."""
    if written.startswith("plugin:"):
        plugin = written.removeprefix("plugin:")
        return _prefixed(plugin.rpartition("/")[0] or plugin, "eslint-plugin")
    if ":" in written or written.startswith((".", "/")):
        return ""
    return _prefixed(written, "eslint-config")


def commitlint_package(written: str) -> str:
    """`angular` is `commitlint-config-angular`; scoped names stand as they are."""
    if written.startswith((".", "/")):
        return ""
    if written.startswith("@") and "/" in written:
        return imported_package(written)
    return _prefixed(written, "commitlint-config")


def config_declaration(written: str, rule: NameRule, scope: Scope, line: int) -> Declaration | None:
    """The declaration of a shared configuration, None when the rule finds no package in it."""
    package = rule(written)
    if not package:
        return None
    reference = Reference("npm", package)
    return Declaration(
        DependencyType.CONFIG, written, reference, "", ConstraintKind.NONE, scope, 1.0, line
    )


def _prefixed(name: str, prefix: str) -> str:
    scope, slash, rest = name.partition("/") if name.startswith("@") else ("", "", name)
    rest = rest.partition("/")[0] if slash or not scope else rest
    if name.startswith("@") and not slash:
        return f"{name}/{prefix}" if _PACKAGE.fullmatch(f"{name}/{prefix}") else ""
    bare = rest if rest == prefix or rest.startswith(f"{prefix}-") else f"{prefix}-{rest}"
    full = f"{scope}/{bare}" if scope else bare
    return full if rest and _PACKAGE.fullmatch(full) else ""
