"""What JavaScript repositories say about the linter and the formatter that they use themselves.

One tool looks at a file, the one that the repository configured. Biome is for those that configured
nothing, and for those that configured Biome; a repository that configured both gets both.
"""

import json
from pathlib import Path
from typing import Final

SCRIPTS: Final = frozenset({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"})
MOST_BYTES: Final = 1_000_000

_BIOME = ("biome.json", "biome.jsonc", ".biome.json", ".biome.jsonc")
_FLAT = tuple(f"eslint.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts", "cts"))
_LEGACY = tuple(f".eslintrc{ending}" for ending in (".js", ".cjs", ".yaml", ".yml", ".json", ""))
_ENDINGS = ("", *(f".{ending}" for ending in ("json", "json5", "yaml", "yml", "toml")))
_MODULES = ("js", "mjs", "cjs", "ts", "mts", "cts")
_PRETTIER = (
    *(f".prettierrc{ending}" for ending in _ENDINGS),
    *(f".prettierrc.{ending}" for ending in _MODULES),
    *(f"prettier.config.{ending}" for ending in _MODULES),
)


def uses_biome(root: Path) -> bool:
    """Whether the root has a configuration of Biome."""
    return _has(root, _BIOME)


def uses_eslint(root: Path) -> bool:
    """Whether the root has a configuration of ESLint."""
    return _has(root, (*_FLAT, *_LEGACY)) or _in_package(root, "eslintConfig")


def uses_prettier(root: Path) -> bool:
    """Whether the root has a configuration of Prettier."""
    return _has(root, _PRETTIER) or _in_package(root, "prettier")


def _has(root: Path, names: tuple[str, ...]) -> bool:
    return any((root / name).is_file() for name in names)


def _in_package(root: Path, key: str) -> bool:
    """A package.json that cannot be read configures nothing; a linter of JSON complains of it."""
    file = root / "package.json"
    try:
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            return False
        package = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(package, dict) and key in package


def own_programs(root: Path) -> tuple[Path, ...]:
    """Where the repository's own programs of npm are."""
    return (root / "node_modules" / ".bin",)
