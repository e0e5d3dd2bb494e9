"""Agreements to plans: each is to one exact state, by somebody who did not ask for it."""

from datetime import UTC, datetime
from typing import Final

from gitops_auditor.audit import Audit
from gitops_auditor.config import Settings
from gitops_auditor.errors import Conflict, Forbidden, InvalidRequest, JsonValue, Stale
from gitops_auditor.events import EventLog
from gitops_auditor.identity import LOCAL, Principal, Role
from gitops_auditor.orchestrator.fields import ENDED
from gitops_auditor.orchestrator.records import Approval, Plan, PlanSummary
from gitops_auditor.orchestrator.service import unknown
from gitops_auditor.orchestrator.staleness import Freshness
from gitops_auditor.orchestrator.store import plans as store
from gitops_auditor.storage.database import Database

CHANNEL: Final = "plans"
LEAST_DIGITS: Final = 12
"""Of a hash, to say which state is meant."""


class Approvals:
    """Must run inside an audited operation; an approval is one transaction with its event."""

    def __init__(
        self,
        database: Database,
        events: EventLog,
        audit: Audit,
        freshness: Freshness,
        settings: Settings,
    ) -> None:
        self._database = database
        self._events = events
        self._audit = audit
        self._freshness = freshness
        self._settings = settings

    async def approve(
        self, plan_id: str, plan_hash: str, principal: Principal, comment: str = ""
    ) -> PlanSummary:
        """Agree to a plan with this hash, or one that begins with these 12 digits or more.

        Doing it again changes nothing. Raises NotFound, Forbidden for who asked for the plan and
        for a role below operator, Conflict for a plan that is over, and Stale for another hash or
        when what it was made of changed: `details` says what.
        """
        async with self._database.read() as connection:
            plan = await store.get(connection, plan_id)
        if plan is None:
            raise unknown(plan_id)
        self._require_may(plan, principal)
        _require_open(plan)
        _require_hash(plan, plan_hash)
        if not _has_approved(plan, principal):
            await self._freshness.require(plan)
            plan = await self._keep(plan, principal, comment)
        return summary_of(plan)

    def _require_may(self, plan: Plan, principal: Principal) -> None:
        if principal.kind == "system" or not principal.may(Role.OPERATOR):
            raise Forbidden(
                f"{principal.name} may not approve plans.",
                hint="Ask somebody with the role operator, or a higher one.",
            )
        if principal.name != plan.requested_by:
            return
        if principal.kind == "local" and self._settings.plan_local_approval:
            return
        hint = "Ask somebody else, who has a token of their own."
        if principal.kind == "local":
            hint += " PLAN_LOCAL_APPROVAL lets the user of this machine approve, unprotected."
        raise Forbidden(f"{principal.name} asked for the plan {plan.id}.", hint=hint)

    async def _keep(self, plan: Plan, principal: Principal, comment: str) -> Plan:
        approval = Approval(
            plan_id=plan.id,
            hash=plan.hash,
            approved_by=principal.name,
            # The user of the machine can make a token for anybody.
            unprotected=plan.requested_by in (principal.name, LOCAL.name),
            comment=comment,
            created_at=datetime.now(UTC),
        )
        facts: dict[str, JsonValue] = {
            "plan_id": plan.id,
            "hash": plan.hash,
            "approved_by": approval.approved_by,
            "unprotected": approval.unprotected,
            "comment": comment,
        }
        async with self._database.write() as transaction:
            present = await store.get(transaction, plan.id)
            if present is None:
                raise unknown(plan.id)
            _require_open(present)
            _require_hash(present, plan.hash)
            if _has_approved(present, principal):
                return present
            await store.approve(transaction, approval)
            await self._audit.effect(transaction, None, facts)
            await self._events.append(transaction, CHANNEL, "plan.approved", facts)
        return present.model_copy(
            update={
                "approvals": [*present.approvals, approval],
                "updated_at": approval.created_at,
            }
        )


def summary_of(plan: Plan) -> PlanSummary:
    """The plan as it stands in lists."""
    return PlanSummary(
        id=plan.id,
        title=plan.title,
        change=plan.request.change.kind,
        status=plan.status,
        hash=plan.hash,
        requested_by=plan.requested_by,
        repositories=len(plan.renderings),
        phases=len(plan.phases),
        needs_approval=plan.needs_approval,
        approved=plan.approved,
        reason=plan.reason,
        created_at=plan.created_at,
        updated_at=plan.updated_at,
    )


def _has_approved(plan: Plan, principal: Principal) -> bool:
    return any(
        one.hash == plan.hash and one.approved_by == principal.name for one in plan.approvals
    )


def _require_open(plan: Plan) -> None:
    if plan.status in ENDED:
        raise Conflict(f"The plan {plan.id} is {plan.status}.", hint="Make a new plan.")


def _require_hash(plan: Plan, wanted: str) -> None:
    if len(wanted) < LEAST_DIGITS:
        raise InvalidRequest(
            f"{wanted!r} is too short for a hash.",
            hint=f"Give at least {LEAST_DIGITS} digits of it.",
        )
    if not plan.hash.startswith(wanted):
        raise Stale(
            f"The plan {plan.id} has the hash {plan.hash}, not {wanted}.",
            hint="Look at the plan as it is, then approve that.",
            details={"hash": plan.hash},
        )
