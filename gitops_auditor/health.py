"""What a part of the platform says of its own condition."""

from typing import Literal

from pydantic import BaseModel

Condition = Literal["healthy", "degraded", "absent"]


class ComponentHealth(BaseModel, defer_build=True):
    """One part: its condition, why it is not healthy, and figures worth watching.

    `absent` means that this version or its settings do not offer the part; the whole stays healthy.
    """

    name: str
    status: Condition
    reasons: list[str] = []
    figures: dict[str, int | float | str | bool | None] = {}


class HealthReport(BaseModel, defer_build=True):
    """The whole platform: degraded as soon as one part is."""

    status: Condition
    version: str
    components: list[ComponentHealth]
