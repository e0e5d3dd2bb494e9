"""Which files are manifests, and who reads them: one module an ecosystem, listed in `READERS`.

A reader is a pure function from one file to what it says. It never opens another file, never runs
anything and never raises for bad content: what it cannot read becomes a `Problem`.
"""

from gitops_auditor.dependencies.manifests import (
    go,
    gradle_catalog,
    gradle_publications,
    gradle_settings,
    maven,
    rust,
)
from gitops_auditor.dependencies.manifests.reader import ManifestReader

READERS: tuple[ManifestReader, ...] = (
    *go.READERS,
    rust.READER,
    maven.READER,
    gradle_settings.READER,
    gradle_publications.READER,
    gradle_catalog.READER,
)
