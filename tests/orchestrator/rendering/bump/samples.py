"""Manifests of each kind in which one dependency is raised. `[[old|new]]` is what changes."""

import re
from typing import Final, NamedTuple

from gitops_auditor.dependencies.models import DependencyType

_CHANGE: Final = re.compile(r"\[\[(.*?)\|(.*?)\]\]", re.DOTALL)


class Sample(NamedTuple):
    """A manifest before and after, and what was asked for."""

    path: str
    type: DependencyType
    name: str
    version: str
    written: str

    @property
    def before(self) -> str:
        """As it stands in the base commit."""
        return _CHANGE.sub(r"\1", self.written)

    @property
    def after(self) -> str:
        """As it is to be rendered."""
        return _CHANGE.sub(r"\2", self.written)


_PACKAGE_JSON: Final = """\
{
\t"name": "@acme/app",
\t"version": "1.2.0",
\t"dependencies": {
\t\t"libcore" : "[[^1.2.0|^2.0.0]]",
\t\t"libcore-extra": "^1.2.0",
\t\t"other": "1.2.0",
\t\t"renamed": "npm:libcore@[[~1.2.0|~2.0.0]]"
\t},
\t"peerDependencies": {"libcore": "[[\\u003e=1.2.0|\\u003e=2.0.0]]"},
\t"overrides": {"other": {"libcore": "[[1.2.0|2.0.0]]"}},
\t"resolutions": {"**/libcore": "[[1.x|2.x]]"}
}
"""

_PNPM_WORKSPACE: Final = """\
packages: ["packages/*"]   # all of them
catalog:
  other: ^1.2.0
  libcore: [[^1.2.0|^2.0.0]]
catalogs:
  old:
    libcore: '[[~1.2.0|~2.0.0]]'
"""

_PYPROJECT: Final = """\
[project]
name = "app"
version = "1.2.0"
dependencies = [
    "lib.core [extra] [[>= 1.2.0, < 2|>= 2.0.0, < 3]] ; python_version >= '3.11'",  # kept
    "lib-other>=1.2.0",
]
[dependency-groups]
dev = ['Lib_Core[[~=1.2|~=2.0]]', "lib_core[[==1.2.0|==2.0.0]]"]

[tool.poetry.dependencies]
python = "^3.11"
lib-core = {version = "[[^1.2|^2.0]]", extras = ["a"]}
other = "^1.2"
"""

_REQUIREMENTS: Final = """\
# libcore==1.2.0 is needed
-r base.txt
libcore[[==1.2.0|==2.0.0]]   # pinned
libcore-extra==1.2.0
LIBCORE [[>=1.2.0,\\
|>=2.0.0,\\
]]    <9 ; sys_platform == "linux"
"""

_DOCKERFILE: Final = """\
# syntax=docker/dockerfile:1
ARG PYTHON=[[3.11|3.12]]
FROM python:[[3.11-slim|3.12-slim]] AS one
FROM node:20 AS web
FROM python:${PYTHON}-alpine
COPY --from=python:[[3.11-slim|3.12-slim]] /a /b
RUN echo 3.11-slim
"""

_COMPOSE: Final = """\
services:
  app: {image: "ghcr.io/acme/app:[[v1.2.0|v2.0.0]]"}
  side:
    image: ghcr.io/acme/app:[[v1.2.0|v2.0.0]]  # v1.2.0
  other:
    image: ghcr.io/acme/other:v1.2.0
"""

_DEPLOYMENT: Final = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, labels: {version: v1.2.0}}
spec:
  template:
    spec:
      containers:
      - name: app
        image: ghcr.io/acme/app:[[v1.2.0|v2.0.0]]
      - {name: other, image: "ghcr.io/acme/other:v1.2.0"}
"""

_KUSTOMIZATION: Final = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
images:
- name: ghcr.io/acme/other
  newTag: "1.2.0"
- name: ghcr.io/acme/app
  newTag: "[[1.2.0|2.0.0]]"
"""

_VALUES: Final = """\
other:
  image:
    repository: ghcr.io/acme/other
    tag: 1.2.0
app:
  image:
    tag: [[1.2.0|2.0.0]]
    repository: ghcr.io/acme/app
"""

_GO_MOD: Final = """\
module github.com/acme/app

go 1.22

require (
\tgithub.com/acme/libcore [[v1.2.0|v1.4.0]]
\tgithub.com/acme/libcore/sub v1.2.0 // indirect
)

require github.com/other/lib v1.2.0
"""

_CARGO: Final = """\
[package]
name = "app"
version = "1.2.0"

[workspace.dependencies]
libcore = {features = ["a"], version = "[[1.2|2.0]]"}  # all members

[dependencies]
other = "1.2"
alias = { package = "libcore", version = "[[=1.2.0|=2.0.0]]" }

[target.'cfg(unix)'.dev-dependencies.libcore]
version = "[[>=1.2, <2|>=2.0, <3]]"
"""

_VERSION_CATALOG: Final = """\
[versions]
other = "1.2.0"
libcore = "[[1.2.0|2.0.0]]"

[libraries]
other = { module = "com.acme:other", version.ref = "other" }
libcore = { module = "com.acme:libcore", version.ref = "libcore" }
"""

_GRADLE: Final = """\
val coreVersion = "[[1.2.0|2.0.0]]"
dependencies {
    implementation("com.acme:other:1.2.0")
    implementation("com.acme:libcore:$coreVersion")
    testImplementation(group = "com.acme", name = "libcore", version = "[[1.2.0|2.0.0]]")
}
"""

_POM: Final = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <groupId>com.acme</groupId>
  <artifactId>app</artifactId>
  <version>1.2.0</version>
  <properties>
    <other.version>1.2.0</other.version>
    <core.version>[[1.2.0|2.0.0]]</core.version>
  </properties>
  <dependencies>
    <dependency>
      <groupId>com.acme</groupId><artifactId>other</artifactId>
      <version>${other.version}</version>
    </dependency>
    <dependency>
      <groupId>com.acme</groupId>
      <artifactId>libcore</artifactId>
      <version>${core.version}</version>
    </dependency>
  </dependencies>
</project>
"""

_TERRAFORM: Final = """\
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
}
module "network" {
  source  = "acme/network/aws"
  version = "[[~> 1.2|~> 2.0]]"
}
module "other" {
  source  = "acme/other/aws"
  version = "~> 1.2"
}
"""

_TERRAFORM_GIT: Final = """\
module "network" {
  source = "git::https://github.com/acme/network.git//sub?ref=[[v1.2.0|v2.0.0]]&depth=1"
}
module "other" { source = "git::https://github.com/acme/other.git?ref=v1.2.0" }
"""

_CHART: Final = """\
apiVersion: v2
name: app
version: 1.2.0
dependencies:
  - name: other
    version: 1.2.0
    repository: https://charts.acme.example
  - name: libcore
    repository: https://charts.acme.example
    version: "[[~1.2.0|~2.0.0]]"
"""

_WORKFLOW: Final = """\
on: push
jobs:
  call:
    uses: acme/actions/.github/workflows/build.yml@[[v1|v2]]
  run:
    runs-on: ubuntu-latest
    steps:
    - uses: actions/checkout@v4
    - uses: "acme/actions/setup@[[v1.2.0|v2.0.0]]"   # the setup
    - uses: acme/other@v1.2.0
"""

_HOOKS: Final = """\
repos:
-   repo: https://github.com/acme/hooks
    rev: '[[v1.2.0|v2.0.0]]'
    hooks: [{id: one, additional_dependencies: [other==1.2.0]}]
-   repo: https://github.com/acme/other
    rev: v1.2.0
    hooks: [{id: two}]
"""

_PIPFILE: Final = """\
[packages]
libcore = "[[==1.2.0|==2.0.0]]"
other = "==1.2.0"
[dev-packages]
LibCore = {version = '[[>=1.2.0|>=2.0.0]]', extras = ["a"]}
"""

_SETUP_CFG: Final = """\
[metadata]
name = app
[options]
install_requires =
    other>=1.2.0
    libcore[[>=1.2.0|>=2.0.0]];python_version<"3.12"
"""

_DECLARED: Final = """\
version: 1
consumes:
  - {type: api, name: orders, constraint: "[[^1.2.0|^2.0.0]]"}
  - {type: data, name: orders-data, constraint: "^1.2.0"}
"""

NPM, PYTHON, DOCKER = DependencyType.NPM, DependencyType.PYTHON, DependencyType.DOCKER
JVM, TERRAFORM = DependencyType.JVM, DependencyType.TERRAFORM

SAMPLES: Final = (
    Sample("web/package.json", NPM, "libcore", "2.0.0", _PACKAGE_JSON),
    Sample("pnpm-workspace.yaml", NPM, "libcore", "2.0.0", _PNPM_WORKSPACE),
    Sample(
        "pyproject.toml", PYTHON, "lib-core", "2.0.0", _PYPROJECT.replace("libcore", "lib.core")
    ),
    Sample("requirements.txt", PYTHON, "libcore", "2.0.0", _REQUIREMENTS),
    Sample("Pipfile", PYTHON, "libcore", "2.0.0", _PIPFILE),
    Sample("setup.cfg", PYTHON, "libcore", "2.0.0", _SETUP_CFG),
    Sample("Dockerfile", DOCKER, "python", "3.12", _DOCKERFILE),
    Sample("compose.yaml", DOCKER, "ghcr.io/acme/app", "2.0.0", _COMPOSE),
    Sample("deploy/app.yaml", DOCKER, "ghcr.io/acme/app", "2.0.0", _DEPLOYMENT),
    Sample("deploy/kustomization.yaml", DOCKER, "ghcr.io/acme/app", "2.0.0", _KUSTOMIZATION),
    Sample("chart/values.yaml", DOCKER, "ghcr.io/acme/app", "2.0.0", _VALUES),
    Sample("go.mod", DependencyType.GO, "github.com/acme/libcore", "1.4.0", _GO_MOD),
    Sample("Cargo.toml", DependencyType.RUST, "libcore", "2.0", _CARGO),
    Sample("gradle/libs.versions.toml", JVM, "com.acme:libcore", "2.0.0", _VERSION_CATALOG),
    Sample("build.gradle.kts", JVM, "com.acme:libcore", "2.0.0", _GRADLE),
    Sample("pom.xml", JVM, "com.acme:libcore", "2.0.0", _POM),
    Sample("main.tf", TERRAFORM, "acme/network/aws", "2.0.0", _TERRAFORM),
    Sample("git.tf", TERRAFORM, "github.com/acme/network", "2.0.0", _TERRAFORM_GIT),
    Sample("chart/Chart.yaml", DependencyType.HELM, "libcore", "2.0.0", _CHART),
    Sample(".github/workflows/ci.yml", DependencyType.CI, "acme/actions", "2.0.0", _WORKFLOW),
    Sample(
        ".pre-commit-config.yaml",
        DependencyType.PRE_COMMIT,
        "https://github.com/acme/hooks",
        "2.0.0",
        _HOOKS,
    ),
    Sample(".gitops/dependencies.yaml", DependencyType.API, "orders", "2.0.0", _DECLARED),
)
