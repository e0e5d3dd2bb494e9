"""Kubernetes manifests, Helm values and their templates: any YAML that may name images or charts.

YAML is everywhere, so a file is parsed only when its bytes speak of what is looked for.
"""

import re
from collections.abc import Iterator

from gitops_auditor.dependencies.manifests.file_scope import scope_of_path
from gitops_auditor.dependencies.manifests.gitops_resources import SOURCE_KINDS, custom_resource
from gitops_auditor.dependencies.manifests.image_lines import (
    image_lines,
    literal_images,
    say_all,
    speaks_of_images,
)
from gitops_auditor.dependencies.manifests.image_values import image_values
from gitops_auditor.dependencies.manifests.kustomize import kustomization
from gitops_auditor.dependencies.manifests.reader import ManifestFile, ManifestReader
from gitops_auditor.dependencies.manifests.renovate_comments import renovate_declarations
from gitops_auditor.dependencies.manifests.yaml_documents import yaml_documents
from gitops_auditor.dependencies.models import Declaration, ManifestFacts, Scope
from gitops_auditor.formats.nodes import Node, child, mapping, text

_TEMPLATE_SUFFIXES = (".j2", ".gotmpl", ".tpl", ".tmpl")
_FIRST_KIND = re.compile(rb"kind:[ \t]*[\"']?(\w+)")
_KIND = re.compile(rb"\nkind:[ \t]*[\"']?(\w+)")
_SCHEMAS = frozenset({b"CustomResourceDefinition"})
_NAMED_VALUES = re.compile(r"(?:^|[-_.])values(?:[-_.].*)?\.ya?ml$")
_APP = {"slug", "arch"}
"""Keys of a Home Assistant app, whose image is the one it publishes."""
_GUESSED = 0.9
"""Outside of manifests and values the same words mostly, but not always, mean an image."""
_READ_ELSEWHERE = re.compile(
    r"(?:^|/)(?:\.github/|\.circleci/|\.gitlab-ci\.yml$|\.gitlab/|\.drone\.yml$|\.travis\.yml$|"
    r"\.woodpecker|azure-pipelines|bitbucket-pipelines|cloudbuild|\.pre-commit|pnpm-lock|"
    r"pnpm-workspace|Chart\.ya?ml$|chartpress\.ya?ml$|build\.ya?ml$|"
    r"[^/]*(?:compose|stack)[^/]*\.ya?ml$|[^/]*environment[^/]*\.ya?ml$|meta\.ya?ml$)"
)


def read_yaml(file: ManifestFile) -> ManifestFacts:
    """The images, charts and repositories that a manifest or a values file names.

    Go and Jinja templates are not YAML; of those only image lines without variables are read.
    """
    content, text_of_file = file.content, file.text
    kinds = _kinds(content)
    sourced = bool(kinds & SOURCE_KINDS) or file.name.startswith("kustomization.")
    if kinds == _SCHEMAS or not (sourced or speaks_of_images(text_of_file)):
        return ManifestFacts()
    scope = scope_of_path(file.path)
    templated = b"{{" in content or b"{%" in content
    named = image_lines(text_of_file)
    if templated and _is_template(file.path):
        return ManifestFacts(tuple(literal_images(named, scope=scope)))
    is_app = b"slug:" in content and b"arch:" in content
    if not (sourced or templated or is_app) and say_all(named, text_of_file):
        confidence = 1.0 if kinds or _NAMED_VALUES.search(file.name) else _GUESSED
        found = literal_images(named, scope=scope, confidence=confidence)
        return ManifestFacts((*found, *renovate_declarations(text_of_file, scope=scope)))
    return _parsed(file, scope, templated=templated)


def _kinds(content: bytes) -> set[bytes]:
    first = _FIRST_KIND.match(content)
    return {*_KIND.findall(content), *([first[1]] if first else [])}


def _parsed(file: ManifestFile, scope: Scope, *, templated: bool) -> ManifestFacts:
    documents = yaml_documents(file)
    if not documents.roots and templated:
        return ManifestFacts(tuple(literal_images(image_lines(file.text), scope=scope)))
    declarations = [
        found for root in documents.roots for found in _document(root, file.name, scope)
    ]
    declarations.extend(renovate_declarations(file.text, scope=scope))
    unique = tuple(dict.fromkeys(declarations))
    is_manifest = b"apiVersion:" in file.content
    return ManifestFacts(unique, problems=documents.problems if is_manifest else ())


def _document(root: Node, name: str, scope: Scope) -> Iterator[Declaration]:
    api, kind = text(child(root, "apiVersion")), text(child(root, "kind"))
    if api.startswith("kustomize.config.k8s.io/") or (
        not kind and name.startswith("kustomization.")
    ):
        yield from kustomization(root, scope)
    elif api and kind:
        yield from custom_resource(kind, root, scope)
        if kind != "CustomResourceDefinition":
            yield from image_values(root, scope=scope)
    elif not mapping(root).keys() >= _APP:
        confidence = 1.0 if _NAMED_VALUES.search(name) else _GUESSED
        yield from image_values(root, scope=scope, confidence=confidence)


def _is_template(path: str) -> bool:
    return "templates/" in path or path.endswith(_TEMPLATE_SUFFIXES)


def _claims(path: str) -> bool:
    return _READ_ELSEWHERE.search(path) is None


READER = ManifestReader(
    name="kubernetes",
    read=read_yaml,
    claim_suffixes=(
        ".yaml", ".yml", ".yaml.j2", ".yml.j2",
        ".yaml.gotmpl", ".yml.gotmpl", ".yaml.tpl", ".yml.tpl",
    ),
    claims=_claims,
)  # fmt: skip
