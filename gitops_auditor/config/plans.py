"""Settings of plans over many repositories."""

from typing import Literal

from pydantic import BaseModel

from gitops_auditor.config.fields import setting


class PlanSettings(BaseModel, defer_build=True):
    """The part of the settings that plans read."""

    plan_approval: Literal["never", "destructive", "always"] = setting(
        "PLAN_APPROVAL",
        "destructive",
        "Which plans somebody other than who asked has to approve: destructive are those that"
        " change a target branch, run something, or cannot be undone.",
    )
    plan_local_approval: bool = setting(
        "PLAN_LOCAL_APPROVAL",
        False,
        "Whether whoever uses this machine may approve their own plans; such an approval is marked"
        " as unprotected.",
    )
    plan_workers: int = setting(
        "PLAN_WORKERS", 4, "Repositories that a plan changes at once.", ge=1, le=64
    )
    plan_step_tries: int = setting(
        "PLAN_STEP_TRIES",
        3,
        "How often a step of a plan is tried when something breaks that is not the work itself.",
        ge=1,
        le=20,
    )
    plan_availability_seconds: float = setting(
        "PLAN_AVAILABILITY_SECONDS",
        600.0,
        "Longest time that a phase waits for what it needs of earlier phases, in seconds.",
        ge=0,
        le=86_400,
    )
