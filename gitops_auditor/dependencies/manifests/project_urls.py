"""The repository that a package says it lives in."""

import re
from collections.abc import Iterable, Iterator

from gitops_auditor.dependencies.models import Provision, Reference

_LABELS = re.compile(
    r"(?:source|source[ _-]?code|repository|repo|code|github|gitlab|homepage|home[ _-]?page|url)\Z",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:git\+)?(?:https?|ssh|git)://(?:[^@/]+@)?(?P<host>github\.com|gitlab\.com|bitbucket\.org|"
    r"codeberg\.org|[a-z0-9.-]*git[a-z0-9.-]*)/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)"
    r"(?:\.git)?/?(?:#.*)?\Z",
    re.IGNORECASE,
)


def repository_provisions(urls: Iterable[tuple[str, str, int]]) -> Iterator[Provision]:
    """Repository identities among labelled project URLs, each given as (label, url, line).

    Only labels that speak of the code count, and only URLs of a repository as a whole.
    """
    seen: set[str] = set()
    for label, url, line in urls:
        found = _ADDRESS.match(url.strip())
        if not found or not _LABELS.match(label.strip()):
            continue
        name = f"{found['host']}/{found['owner']}/{found['name']}".lower()
        if name not in seen:
            seen.add(name)
            yield Provision(Reference("repository", name), "", line)
