"""The audit: who did what, when, with which result, and whether the record is whole."""

from gitops_auditor.audit import AuditRecord, AuditVerdict
from gitops_auditor.identity import Role
from gitops_auditor.operations import Context, NoParams, Toolset
from gitops_auditor.pages import Page, PageParams, cut_page, offset_of

toolset = Toolset("audit", "Audit", "Who did what, and whether the record of it is whole.")


@toolset.operation("GET /api/audit", role=Role.ADMIN, surface="toolset")
async def list_audit_entries(ctx: Context, params: PageParams) -> Page[AuditRecord]:
    """List every write with actor, masked parameters, result and changes, oldest first."""
    after = offset_of(params)
    records = await ctx.services.audit.page(after, params.limit + 1)
    return cut_page(records, params, lambda one: (one.first_row,))


@toolset.operation("GET /api/audit/verify", role=Role.ADMIN, surface="toolset")
async def verify_audit(ctx: Context, params: NoParams) -> AuditVerdict:  # noqa: ARG001
    """Check that no audit entry was changed, removed, inserted, moved or cut off at the end."""
    return await ctx.services.audit.verify()
