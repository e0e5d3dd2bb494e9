"""The templates of the catalogue."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict

from gitops_auditor.errors import JsonValue, NotFound
from gitops_auditor.pipelines.catalog.variables import Variable, filled
from gitops_auditor.pipelines.definition import parse_definition

_NAME: Final = Variable(
    name="name", type="title", description="What the pipeline is called.", default="CI"
)
_BRANCH: Final = Variable(
    name="branch",
    type="word",
    description="The branch whose pushes start it, and which is published or deployed.",
    default="main",
)
_THRESHOLD: Final = Variable(
    name="threshold",
    type="percent",
    description="The least share of lines that the tests have to reach.",
    default=80,
)


def _versions(name: str, language: str) -> Variable:
    return Variable(
        name=name,
        type="versions",
        description=f"Versions of {language} to test with, beside the one of the machine.",
        default=[],
        empty="empty for none",
    )


def _environment(name: str, which: str) -> Variable:
    description = f"The environment that is deployed to {which}; the scripts get its name."
    return Variable(name=name, type="word", description=description, default=name)


def _script(name: str, default: str, does: str) -> Variable:
    description = f"The script of the repository that {does} the environment it is called with."
    return Variable(name=name, type="path", description=description, default=default)


class _Entry(BaseModel):
    title: str
    variables: tuple[Variable, ...]


_ENTRIES: Final[Mapping[str, _Entry]] = {
    "node-ci": _Entry(
        title="Node.js",
        variables=(_NAME, _BRANCH, _THRESHOLD, _versions("node_versions", "Node.js")),
    ),
    "python-ci": _Entry(
        title="Python",
        variables=(_NAME, _BRANCH, _THRESHOLD, _versions("python_versions", "Python")),
    ),
    "docker-build": _Entry(
        title="Docker image",
        variables=(
            _NAME.model_copy(update={"default": "Docker image"}),
            _BRANCH,
            Variable(
                name="image",
                type="word",
                description="The image's name, without registry and tag.",
                default="app",
            ),
            Variable(
                name="dockerfile",
                type="path",
                description="Where the Dockerfile is.",
                default="Dockerfile",
            ),
            Variable(
                name="registry",
                type="word",
                description="The registry to push to, as in ghcr.io/owner, with the secrets"
                " REGISTRY_USER and REGISTRY_TOKEN.",
                default="",
                empty="empty to push nowhere",
            ),
        ),
    ),
    "multi-stage": _Entry(
        title="Deployment to two environments",
        variables=(
            _NAME.model_copy(update={"default": "Deployment"}),
            _BRANCH,
            _environment("staging", "first"),
            _environment("production", "after the approval"),
            _script("deploy_script", "scripts/deploy.sh", "deploys to"),
            _script("rollback_script", "scripts/rollback.sh", "takes back the last deployment to"),
            Variable(
                name="deploy_secret",
                type="word",
                description="The secret that the scripts find as DEPLOY_TOKEN.",
                default="",
                empty="empty for none",
            ),
        ),
    ),
}


class CatalogTemplate(BaseModel):
    """A pipeline to start from. `text` is what `render` gives with every default."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    description: str
    text: str
    variables: tuple[Variable, ...]


@cache
def templates() -> tuple[CatalogTemplate, ...]:
    """All of them."""
    return tuple(_loaded(name) for name in _ENTRIES)


def template(name: str) -> CatalogTemplate:
    """The template of that name. Raises NotFound."""
    found = next((one for one in templates() if one.name == name), None)
    if found is None:
        message = f"The catalogue has no template {name!r}."
        raise NotFound(message, hint=f"Choose one of {', '.join(_ENTRIES)}.")
    return found


def render(name: str, values: Mapping[str, JsonValue]) -> str:
    """The definition that a template gives with these values; it is known to be valid.

    Raises NotFound, and InvalidRequest for values that do not fit.
    """
    entry = template(name)
    text = filled(_source(name), entry.variables, values)
    parse_definition(text, f"{name}.yaml")
    return text


def _loaded(name: str) -> CatalogTemplate:
    entry = _ENTRIES[name]
    text = filled(_source(name), entry.variables, {})
    description = parse_definition(text, f"{name}.yaml").description
    return CatalogTemplate(
        name=name,
        title=entry.title,
        description=description,
        text=text,
        variables=entry.variables,
    )


def _source(name: str) -> str:
    return (files(__package__) / f"{name}.yaml").read_text(encoding="utf-8")
