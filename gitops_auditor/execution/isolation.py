"""Finds out how well this machine can isolate jobs, by isolating one; never assumes it."""

import platform
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from gitops_auditor.errors import Refused
from gitops_auditor.execution.process import Processes, Stream
from gitops_auditor.execution.results import JobResult
from gitops_auditor.execution.supervision import kernel, seccomp
from gitops_auditor.execution.supervision.orders import Isolation, Limits, Order

MEANING: dict[Isolation, str] = {
    Isolation.CGROUP: "bubblewrap, a seccomp filter and a cgroup for each job",
    Isolation.BUBBLEWRAP: "bubblewrap, a seccomp filter and limits",
    Isolation.LANDLOCK: "Landlock, a seccomp filter and limits",
    Isolation.NONE: "no isolation beyond limits and another user",
}
_SECONDS = 15.0
_PROBE = "grep -E '^(Uid|CapEff|NoNewPrivs|Seccomp):' /proc/self/status; (: > outside) 2>&1"
_CONFINED = {"CapEff": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}
_REMEDIES = (
    ("No permissions to create new namespace", "sysctl kernel.unprivileged_userns_clone=1"),
    ("nesting depth", "set the sysctl user.max_user_namespaces above 0"),
    ("No space left on device", "set the sysctl user.max_user_namespaces above 0"),
    (
        "uid map: Permission denied",
        "give /usr/bin/bwrap an AppArmor profile that allows `userns,`",
    ),
    ("RTM_NEWADDR", "give /usr/bin/bwrap an AppArmor profile that allows `userns,`"),
    ("mount proc", "start the container with `--security-opt unmask=ALL` and as another than root"),
    ("Unknown option", "install bubblewrap 0.8 or later"),
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why one level cannot be had here, and what gives it."""

    level: Isolation
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class IsolationReport:
    """The best level that a job really ran at, and why none above it."""

    level: Isolation
    obstacles: tuple[Obstacle, ...]

    def require(self, minimum: Isolation, *, allow_unsandboxed: bool = False) -> Isolation:
        """The level to run jobs at. Raises Refused with reason and remedy below `minimum`.

        No isolation at all is refused whatever the minimum, unless `allow_unsandboxed`.
        """
        if self.level is Isolation.NONE and allow_unsandboxed:
            return self.level
        needed = max(minimum, Isolation.LANDLOCK)
        if self.level >= needed:
            return self.level
        missing = next(each for each in self.obstacles if each.level is needed)
        raise Refused(
            f"Jobs need {MEANING[needed]}; this machine offers {MEANING[self.level]}."
            f" {missing.reason}",
            hint=f"Remedy: {missing.remedy}.",
            details={"level": self.level.name.lower(), "minimum": needed.name.lower()},
        )


async def probe(
    processes: Processes, folder: Path, user: tuple[int, int] | None
) -> IsolationReport:
    """Run a job at each level, best first, until one is isolated as it should be.

    `folder` is an empty one that `user` can reach but not write into.
    """
    obstacles: list[Obstacle] = []
    for level in (Isolation.CGROUP, Isolation.BUBBLEWRAP, Isolation.LANDLOCK):
        obstacle = _missing(level) or await _try(processes, folder, user, level)
        if obstacle is None:
            return IsolationReport(level, tuple(obstacles))
        obstacles.append(obstacle)
    return IsolationReport(Isolation.NONE, tuple(obstacles))


def _missing(level: Isolation) -> Obstacle | None:
    if platform.system() != "Linux":
        return Obstacle(level, "It exists on Linux only.", "run jobs on a Linux machine")
    if not seccomp.supported():
        reason = f"There is no seccomp filter for {platform.machine()}."
        return Obstacle(level, reason, "run jobs on an x86-64 or arm64 machine")
    if level >= Isolation.BUBBLEWRAP and shutil.which("bwrap") is None:
        return Obstacle(level, "bubblewrap is not installed.", "install the package bubblewrap")
    if level is Isolation.LANDLOCK and kernel.landlock_abi() == 0:
        remedy = "boot a Linux of 5.13 or later with `landlock` among its security modules"
        return Obstacle(level, "The kernel offers no Landlock.", remedy)
    return None


async def _try(
    processes: Processes, folder: Path, user: tuple[int, int] | None, level: Isolation
) -> Obstacle | None:
    seen: dict[Stream, str] = {"stdout": "", "stderr": ""}

    def sink(stream: Stream, chunk: bytes) -> None:
        seen[stream] += chunk.decode(errors="replace")

    order = Order(
        argv=("sh", "-c", _PROBE),
        cwd=str(folder),
        environment={"PATH": "/usr/bin:/bin"},
        cookie=secrets.token_hex(16),
        timeout=_SECONDS,
        grace=0.0,
        isolation=level,
        network=False,
        user=user,
        writable=(),
        readable=(str(folder),),
        limits=Limits(output_bytes=65536),
    )
    try:
        result = await processes.run(order, sink)
    except Refused as refused:
        return Obstacle(level, str(refused), refused.hint or "")
    return _judge(level, result, seen["stdout"], seen["stderr"], folder)


def _judge(
    level: Isolation, result: JobResult, stdout: str, stderr: str, folder: Path
) -> Obstacle | None:
    status = dict(line.split(":\t", 1) for line in stdout.splitlines() if ":\t" in line)
    if not status:
        reason = stderr.strip() or result.reason
        return Obstacle(level, f"A job could not be started: {reason}", _remedy(reason))
    unlike = [name for name, value in _CONFINED.items() if status.get(name) != value]
    if (folder / "outside").exists():
        unlike.append("files outside")
    if status.get("Uid", "0").split()[0] == "0":
        unlike.append("user")
    if unlike:
        reason = f"A job ran, but was not confined: {', '.join(unlike)}."
        return Obstacle(level, reason, "report this with your kernel's version")
    return None


def _remedy(reason: str) -> str:
    for text, remedy in _REMEDIES:
        if text in reason:
            return remedy
    return "see what it says, and whether this machine restricts user namespaces"
