"""Jobs as GitHub orders them: by what each needs, because it knows no stages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_auditor.pipelines.github_actions.names import job_id
from gitops_auditor.pipelines.models import Job, PipelineDefinition
from gitops_auditor.pipelines.ordering import Arrangement, JobSpec, StageSpec, arrange


@dataclass(frozen=True, slots=True)
class PlacedJob:
    """A job of a definition, a matrix not expanded, under its id on GitHub.

    `waits` are the ids that it comes after, `required` those out of them that have to have
    succeeded, `inner` those of its own stage; `may_skip` tells whether something may skip it, and
    `after_skippable` whether something that it comes after may be skipped.
    """

    id: str
    path: str
    job: Job
    stage: StageSpec
    spec: JobSpec
    waits: tuple[str, ...]
    required: tuple[str, ...]
    inner: tuple[str, ...]
    may_skip: bool
    after_skippable: bool


def place(definition: PipelineDefinition) -> list[PlacedJob]:
    """The jobs, each after what it waits for. Raises InvalidRequest when there is no order."""
    return _Placing(arrange(definition)).placed()


class _Placing:
    def __init__(self, arrangement: Arrangement) -> None:
        self._stages = arrangement.stages
        self._ids: dict[tuple[str, str], str] = {}
        self._specs: dict[str, JobSpec] = {}
        self._of_spec: dict[str, str] = {}
        self._placed: dict[str, PlacedJob] = {}
        for spec in arrangement.jobs.values():
            self._enter(spec)
        self._order = [
            one for stage in arrangement.order for one in self._in_order(arrangement, stage)
        ]

    def _enter(self, spec: JobSpec) -> None:
        key = (spec.stage, spec.job.name)
        if key not in self._ids:
            self._ids[key] = job_id(*key, self._specs)
            self._specs[self._ids[key]] = spec
        self._of_spec[spec.id] = self._ids[key]

    def _in_order(self, arrangement: Arrangement, stage: str) -> list[str]:
        return list(dict.fromkeys(self._of_spec[one] for one in arrangement.order[stage]))

    def placed(self) -> list[PlacedJob]:
        for name in self._order:
            self._placed[name] = self._place(name)
        return [self._placed[name] for name in self._specs]

    def _place(self, name: str) -> PlacedJob:
        spec = self._specs[name]
        stage = self._stages[spec.stage]
        needs, follows = self._bases(spec.needs), self._bases(spec.follows)
        inner = [one for one in (*follows, *needs) if self._specs[one].stage == spec.stage]
        if stage.condition is not None and stage.condition.asks_status:
            inner = self._upstream_within(inner)
        before = [] if inner else [one for after in stage.after for one in self._last(after)]
        waits = tuple(dict.fromkeys([*before, *inner, *needs]))
        after_skippable = any(self._is_skippable(one) for one in waits)
        may_skip = bool(spec.condition or stage.condition) or stage.gate == "failure"
        return PlacedJob(
            id=name,
            path=_path(spec),
            job=spec.job,
            stage=stage,
            spec=spec,
            waits=waits,
            required=tuple(needs),
            inner=tuple(dict.fromkeys(inner)),
            may_skip=may_skip or any(self._placed[one].may_skip for one in needs),
            after_skippable=after_skippable,
        )

    def _is_skippable(self, name: str) -> bool:
        return self._placed[name].may_skip or self._placed[name].after_skippable

    def _bases(self, names: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self._of_spec[one] for one in names))

    def _upstream_within(self, names: Iterable[str]) -> list[str]:
        found = dict.fromkeys(names)
        for one in list(found):
            found.update(dict.fromkeys(self._placed[one].inner))
        return list(found)

    def _last(self, stage: str) -> list[str]:
        """The jobs of a stage that no other job of it comes after."""
        jobs = self._bases(self._stages[stage].jobs)
        waited: Mapping[str, None] = dict.fromkeys(
            one for name in jobs for one in self._placed[name].inner
        )
        return [one for one in jobs if one not in waited]


def _path(spec: JobSpec) -> str:
    where = "stages." if spec.location[0] == "stages" else ""
    return f"{where}{spec.stage}.{spec.job.name}"
