"""Who is asking, what a role may do, and how things are named. Tokens are stored by `access`."""

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PrincipalKind = Literal["local", "token", "system"]


class Role(StrEnum):
    """A role includes everything the roles before it may do."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    GATE_ADMIN = "gate-admin"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True, slots=True)
class Principal:
    """The one in whose name an operation runs; `name` is what the audit shows."""

    name: str
    role: Role
    kind: PrincipalKind

    def may(self, needed: Role) -> bool:
        """Whether this principal's role includes `needed`."""
        return self.role.includes(needed)


LOCAL = Principal(name="local", role=Role.ADMIN, kind="local")
"""The user of this machine: stdio, the command line, and loopback HTTP without tokens."""

SYSTEM = Principal(name="system", role=Role.ADMIN, kind="system")
"""The platform itself: schedules, takeovers, migrations."""


def new_id() -> str:
    """A new id of 24 hexadecimal digits: milliseconds first, so that ids sort as they were made."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"
