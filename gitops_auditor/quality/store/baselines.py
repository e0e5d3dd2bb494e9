"""Figures of releases, and findings of base commits: what answers are compared with."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from gitops_auditor.formats.findings import Finding
from gitops_auditor.quality.records import Baseline
from gitops_auditor.quality.store.results import packed, unpacked
from gitops_auditor.storage.engine import AsyncConnection
from gitops_auditor.storage.quality_tables import quality_base_findings, quality_baselines

_COLUMNS = (
    quality_baselines.c.repository_id,
    quality_baselines.c.name,
    quality_baselines.c.commit_sha.label("commit"),
    quality_baselines.c.metrics,
    quality_baselines.c.recorded_at,
    quality_baselines.c.recorded_by,
)


async def get(connection: AsyncConnection, repository_id: str, name: str) -> Baseline | None:
    """The figures of one name."""
    query = select(*_COLUMNS).where(
        quality_baselines.c.repository_id == repository_id, quality_baselines.c.name == name
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else Baseline.model_validate(row)


async def of_repository(connection: AsyncConnection, repository_id: str) -> list[Baseline]:
    """All of a repository, by name."""
    query = select(*_COLUMNS).where(quality_baselines.c.repository_id == repository_id)
    rows = (await connection.execute(query.order_by(quality_baselines.c.name))).mappings()
    return [Baseline.model_validate(row) for row in rows]


async def put(transaction: AsyncConnection, baseline: Baseline) -> None:
    """Keep figures in place of those of the same name."""
    await remove(transaction, baseline.repository_id, baseline.name)
    values = dict(baseline)
    values["commit_sha"] = values.pop("commit")
    await transaction.execute(insert(quality_baselines).values(values))


async def remove(transaction: AsyncConnection, repository_id: str, name: str) -> bool:
    """Forget figures; whether there were any."""
    gone = await transaction.execute(
        delete(quality_baselines).where(
            quality_baselines.c.repository_id == repository_id, quality_baselines.c.name == name
        )
    )
    return bool(gone.rowcount)


async def base_findings(connection: AsyncConnection, cache_key: str) -> list[Finding] | None:
    """What was found in a base, None when nobody looked yet."""
    query = select(quality_base_findings.c.content).where(
        quality_base_findings.c.cache_key == cache_key
    )
    content = await connection.scalar(query)
    return None if content is None else unpacked(bytes(content))[0]


async def put_base_findings(
    transaction: AsyncConnection, cache_key: str, findings: Sequence[Finding], now: datetime
) -> None:
    """Keep what was found in a base."""
    same = quality_base_findings.c.cache_key == cache_key
    await transaction.execute(delete(quality_base_findings).where(same))
    await transaction.execute(
        insert(quality_base_findings).values(
            cache_key=cache_key, content=packed(findings, ()), created_at=now
        )
    )


async def delete_base_findings(transaction: AsyncConnection, moment: datetime) -> None:
    """Forget what was found before a moment."""
    await transaction.execute(
        delete(quality_base_findings).where(quality_base_findings.c.created_at < moment)
    )
