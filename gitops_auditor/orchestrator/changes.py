"""What a plan changes in each of its repositories, as a caller states it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from gitops_auditor.dependencies.models import DependencyType


class ChangePart(BaseModel, defer_build=True):
    """A piece of a request. Immutable; a field that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BumpDependency(ChangePart):
    """Raise what is asked of a package, image, chart, action or module, lock files included."""

    kind: Literal["bump"] = "bump"
    name: str = Field(description="Name as consumers write it.", min_length=1, max_length=300)
    version: str = Field(description="Version to ask for.", min_length=1, max_length=200)
    type: DependencyType | None = Field(None, description="Its type.")


class RunScript(ChangePart):
    """Run a script in each; what it changes is committed."""

    kind: Literal["script"] = "script"
    script: str = Field(description="Shell script.", min_length=1, max_length=100_000)
    network: bool = Field(False, strict=True, description="Network access.")
    timeout_seconds: float = Field(600.0, strict=True, gt=0, le=86_400, description="Longest run.")


class RunPipeline(ChangePart):
    """Run a pipeline of each; nothing is committed."""

    kind: Literal["pipeline"] = "pipeline"
    pipeline: str = Field(
        description="Pipeline's name or workflow's file.", min_length=1, max_length=200
    )
    inputs: dict[str, JsonValue] = Field(default_factory=dict, description="Its inputs.")
    runner: Literal["local", "github-actions"] = Field("local", description="Where it runs.")
    timeout_seconds: float = Field(3600.0, strict=True, gt=0, le=86_400, description="Longest run.")


Change = Annotated[BumpDependency | RunScript | RunPipeline, Field(discriminator="kind")]
