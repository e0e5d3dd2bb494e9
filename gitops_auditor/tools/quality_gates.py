"""Gates: define, change, remove; let one pass with a reason; figures to compare with."""

from pydantic import Field, JsonValue

from gitops_auditor.identity import Role
from gitops_auditor.operations import Context, Params
from gitops_auditor.pages import Page, PageParams
from gitops_auditor.quality.gate import GateType
from gitops_auditor.quality.records import Baseline, GateDetails, GateEnvelope, StoredGate
from gitops_auditor.quality.results import Override
from gitops_auditor.quality.store.gates import Filter
from gitops_auditor.repositories.models import ID_PATTERN
from gitops_auditor.tools.quality import toolset
from gitops_auditor.tools.repositories import RepositoryRef

RepositoryId = Field(None, pattern=ID_PATTERN, description="Only of this repository.")
Definition = dict[str, JsonValue]
Envelope = Field(
    None, description="DSSE envelope that signs the definition; see `gitops-auditor gates sign`."
)


class GateFilter(PageParams):
    """Which gates to list."""

    gate_type: GateType | None = Field(None, description="Only of this type.")
    active: bool | None = Field(None, description="Only those that are asked, or that are not.")
    repository_id: str | None = RepositoryId


class GateRef(Params):
    """One gate."""

    gate_id: str = Field(description="Id of a gate.", min_length=1, max_length=64)


class VersionedGate(GateRef):
    """One gate at a version."""

    expected_version: int | None = Field(
        None, ge=1, description="Refuse unless the gate is at this version."
    )


class NewGate(Params):
    """A gate to be kept by the platform."""

    gate_type: GateType = Field(description="When it is asked.")
    definition: Definition = Field(description="The gate, as in a file of gates.")
    repository_id: str | None = Field(
        None, pattern=ID_PATTERN, description="Whom it is for; every repository when left out."
    )
    envelope: GateEnvelope | None = Envelope


class GateUpdate(VersionedGate):
    """A change of a gate; what is left out stays."""

    definition: Definition | None = Field(None, description="The new definition.")
    active: bool | None = Field(None, description="Whether it is asked.")
    envelope: GateEnvelope | None = Envelope


class OverrideRequest(Params):
    """A failed answer that may pass."""

    result_id: str = Field(description="Id of the result.", min_length=1, max_length=64)
    reason: str = Field(description="Why it may pass.", min_length=1, max_length=2_000)


class OverrideFilter(PageParams):
    """Which overrides to list."""

    repository_id: str | None = RepositoryId


class BaselineFilter(PageParams, RepositoryRef):
    """Whose baselines to list."""


class BaselineRef(RepositoryRef):
    """One baseline."""

    name: str = Field(description="Name, such as v1.2.0.", min_length=1, max_length=200)


class NewBaseline(BaselineRef):
    """Figures of a release."""

    ref: str = Field(
        "", max_length=250, description="What was measured; the tag of that name when left out."
    )
    metrics: dict[str, float] = Field(
        min_length=1, max_length=1_000, description="Figures by name."
    )


@toolset.operation("GET /api/quality/gates", surface="toolset")
async def list_gates(ctx: Context, params: GateFilter) -> Page[StoredGate]:
    """List gates: those of the platform, and those that files of validated commits state."""
    wanted = Filter(params.gate_type, params.active, params.repository_id)
    return await ctx.services.quality.gates.list(wanted, params)


@toolset.operation("GET /api/quality/gates/{gate_id}", surface="toolset")
async def get_gate(ctx: Context, params: GateRef) -> GateDetails:
    """Get a gate with its definition and signature."""
    return await ctx.services.quality.gates.get(params.gate_id)


@toolset.operation(
    "POST /api/quality/gates",
    effect="write",
    role=Role.GATE_ADMIN,
    surface="toolset",
    status=201,
)
async def create_gate(ctx: Context, params: NewGate) -> GateDetails:
    """Create a gate for one repository or for all. Files of a repository need no creating."""
    return await ctx.services.quality.gates.create(
        params.gate_type,
        params.definition,
        ctx.principal.name,
        params.repository_id,
        params.envelope,
    )


@toolset.operation(
    "PUT /api/quality/gates/{gate_id}",
    effect="write",
    role=Role.GATE_ADMIN,
    surface="toolset",
    idempotent=True,
)
async def update_gate(ctx: Context, params: GateUpdate) -> GateDetails:
    """Change a gate. A new definition needs a new signature where signatures are required."""
    return await ctx.services.quality.gates.update(
        params.gate_id,
        ctx.principal.name,
        definition=params.definition,
        active=params.active,
        envelope=params.envelope,
        version=params.expected_version,
    )


@toolset.operation(
    "DELETE /api/quality/gates/{gate_id}",
    effect="destroy",
    role=Role.GATE_ADMIN,
    surface="toolset",
)
async def delete_gate(ctx: Context, params: VersionedGate) -> StoredGate:
    """Delete a gate. What it said stays."""
    return await ctx.services.quality.gates.remove(params.gate_id, params.expected_version)


@toolset.operation(
    "POST /api/quality/overrides",
    effect="write",
    role=Role.GATE_ADMIN,
    surface="toolset",
    status=201,
)
async def override_gate(ctx: Context, params: OverrideRequest) -> Override:
    """Let a failed gate pass for exactly these files, with a reason that the audit keeps."""
    return await ctx.services.quality.overrides.create(
        params.result_id, params.reason, ctx.principal.name
    )


@toolset.operation("GET /api/quality/overrides", surface="toolset")
async def list_overrides(ctx: Context, params: OverrideFilter) -> Page[Override]:
    """List who let which failed gate pass, and why, newest first."""
    return await ctx.services.quality.overrides.list(params.repository_id, params)


@toolset.operation("GET /api/quality/baselines/{repository_id:path}", surface="toolset")
async def list_baselines(ctx: Context, params: BaselineFilter) -> Page[Baseline]:
    """List the figures of releases that benchmark gates compare with."""
    return await ctx.services.quality.baselines.list(params.repository_id, params)


@toolset.operation(
    "POST /api/quality/baselines", effect="write", surface="toolset", idempotent=True, status=201
)
async def record_baseline(ctx: Context, params: NewBaseline) -> Baseline:
    """Record the figures of a release, in place of those of the same name."""
    return await ctx.services.quality.baselines.record(
        params.repository_id, params.name, params.ref, params.metrics, ctx.principal.name
    )


@toolset.operation("DELETE /api/quality/baselines", effect="destroy", surface="toolset")
async def delete_baseline(ctx: Context, params: BaselineRef) -> Baseline:
    """Forget the figures of a release."""
    return await ctx.services.quality.baselines.remove(params.repository_id, params.name)
