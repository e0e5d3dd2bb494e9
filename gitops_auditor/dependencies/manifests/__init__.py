"""Which files are manifests, and who reads them: one module an ecosystem, listed in `READERS`.

A reader is a pure function from one file to what it says. It never opens another file, never runs
anything and never raises for bad content: what it cannot read becomes a `Problem`.
"""

from gitops_auditor.dependencies.manifests import (
    backstage,
    conda,
    data_offers,
    declared,
    docker,
    go,
    gradle_catalog,
    gradle_publications,
    gradle_settings,
    maven,
    openapi,
    protobuf,
    python_poetry,
    python_project,
    python_requirements,
    python_setup,
    python_setup_cfg,
    rust,
    settings_files,
)
from gitops_auditor.dependencies.manifests.reader import ManifestReader

READERS: tuple[ManifestReader, ...] = (
    *go.READERS,
    rust.READER,
    maven.READER,
    gradle_settings.READER,
    gradle_publications.READER,
    gradle_catalog.READER,
    docker.READER,
    python_requirements.READER,
    python_setup.READER,
    python_setup_cfg.READER,
    python_project.READER,
    python_poetry.READER,
    *conda.READERS,
    *settings_files.READERS,
    *data_offers.READERS,
    openapi.READER,
    *protobuf.READERS,
    backstage.READER,
    declared.READER,
)
