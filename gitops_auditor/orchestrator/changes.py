"""What a plan changes in each of its repositories, as a caller states it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gitops_auditor.dependencies.models import DependencyType


class ChangePart(BaseModel, defer_build=True):
    """A piece of a request. Immutable; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BumpDependency(ChangePart):
    """Raise what repositories ask of one package, image, chart, action or module.

    Constraints keep their form: `^1.2.0` becomes `^2.0.0`. Lock files are made anew by the
    ecosystem's own tool.
    """

    kind: Literal["bump"] = "bump"
    name: str = Field(description="Name as consumers write it.", min_length=1, max_length=300)
    version: str = Field(description="Version to ask for.", min_length=1, max_length=200)
    type: DependencyType | None = Field(None, description="Its type, where a name has several.")


class RunScript(ChangePart):
    """Run a script in a checkout of each repository; what it changes is committed."""

    kind: Literal["script"] = "script"
    script: str = Field(
        description="Shell script, run in the checkout.", min_length=1, max_length=100_000
    )
    network: bool = Field(False, description="Whether it may use the network.")
    timeout_seconds: float = Field(600.0, gt=0, le=86_400, description="Longest time of one run.")


class RunPipeline(ChangePart):
    """Run a pipeline of each repository; nothing is committed."""

    kind: Literal["pipeline"] = "pipeline"
    pipeline: str = Field(
        description="Name of the pipeline, or file of the workflow.", min_length=1, max_length=200
    )
    inputs: dict[str, JsonValue] = Field(default_factory=dict, description="Its inputs.")
    runner: Literal["local", "github-actions"] = Field(
        "local", description="Where it runs: here, or as a workflow of GitHub Actions."
    )
    timeout_seconds: float = Field(3600.0, gt=0, le=86_400, description="Longest time of one run.")


Change = Annotated[BumpDependency | RunScript | RunPipeline, Field(discriminator="kind")]
