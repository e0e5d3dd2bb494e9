"""Package URLs, the names of packages that other tools understand (ECMA-427)."""

from functools import lru_cache
from urllib.parse import quote

_LOWER_CASE = frozenset({"github", "gitlab", "bitbucket", "golang", "pypi", "docker", "oci", "npm"})
_SAFE = "-._~:"


@lru_cache(maxsize=8192)
def purl(type: str, name: str, version: str | None = None) -> str:  # noqa: A002  # the term of the standard
    """`pkg:type/namespace/name@version`.

    `name` is the ecosystem's own: `@scope/name` for npm, `group:artifact` for maven, `owner/name`
    for github, a module path for golang. An empty version is left out.
    """
    parts = [quote(part, safe=_SAFE) for part in _canonical(type, name).split("/") if part]
    suffix = f"@{quote(version, safe=_SAFE)}" if version else ""
    return f"pkg:{type}/{'/'.join(parts)}{suffix}"


def _canonical(type_: str, name: str) -> str:
    if type_ == "maven":
        return name.replace(":", "/")
    if type_ == "pypi":
        return name.lower().replace("_", "-")
    return name.lower() if type_ in _LOWER_CASE else name
