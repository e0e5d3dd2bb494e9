"""A maker of releases for tests of jobs, where no forge is there."""

from gitops_auditor.errors import Conflict
from gitops_auditor.pipelines.jobs.releases import MadeRelease, ReleaseOrder


class KnownReleases:
    """Keeps what it is asked to make; `usable` and a tag that is `taken` are as the test says."""

    def __init__(self, *, usable: bool = False, taken: str = "") -> None:
        self.usable = usable
        self.made: list[ReleaseOrder] = []
        self._taken = taken

    async def request(self, order: ReleaseOrder) -> str:
        return f"POST /releases {order.tag} {order.commit} {order.title} {order.notes}"

    async def make(self, order: ReleaseOrder) -> MadeRelease:
        if order.tag == self._taken:
            raise Conflict("The tag names another commit.", hint="Choose another.")
        self.made.append(order)
        return MadeRelease("7", f"https://hub/{order.tag}", order.tag, order.commit)
