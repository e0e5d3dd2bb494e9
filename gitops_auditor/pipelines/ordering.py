"""What runs after what: stages in order, jobs within a stage, and what they need of one another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Final, Literal, NamedTuple

from gitops_auditor.errors import InvalidRequest
from gitops_auditor.pipelines.conditions import Condition, parse_condition
from gitops_auditor.pipelines.matrix import Combination, expand, label
from gitops_auditor.pipelines.models import Job, PipelineDefinition, Stage

Gate = Literal["success", "failure", "always"]
"""What has to have happened before, where no condition asks for the status itself."""
Location = tuple[str | int, ...]
"""The way from the definition to one of its fields."""

MAX_JOBS: Final = 1_000
"""Jobs of one definition, each combination of a matrix counted."""

_FOLLOWING: Final[tuple[tuple[Literal["rollback", "always"], Gate], ...]] = (
    ("rollback", "failure"),
    ("always", "always"),
)


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage of a run. `after` are the stages it waits for, `before` all that precede it."""

    name: str
    stage: Stage
    gate: Gate
    location: Location
    after: tuple[str, ...]
    before: frozenset[str]
    jobs: tuple[str, ...]
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job of a run; a matrix gives one for each combination.

    `follows` only have to be over, `needs` have to have succeeded, `upstream` is everything that
    these two lead to.
    """

    id: str
    stage: str
    job: Job
    matrix: Mapping[str, str]
    location: Location
    follows: tuple[str, ...]
    needs: tuple[str, ...]
    upstream: frozenset[str]
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Stages and jobs by name and id, as they are written.

    Jobs of one generation wait only for earlier ones; `order` lists stages, and the jobs of each,
    so that everything comes after what it waits for.
    """

    stages: Mapping[str, StageSpec]
    jobs: Mapping[str, JobSpec]
    generations: tuple[tuple[str, ...], ...]
    order: Mapping[str, tuple[str, ...]]


_Spec = StageSpec | JobSpec


class OrderProblem(NamedTuple):
    """Why a definition has no order, and where."""

    message: str
    location: Location


def order_problems(definition: PipelineDefinition) -> list[OrderProblem]:
    """All that is wrong with names, needs and matrices; empty when the definition can run."""
    return _Arranger(definition).problems


def arrange(definition: PipelineDefinition) -> Arrangement:
    """The order of a definition. Raises InvalidRequest when `order_problems` has any."""
    arranger = _Arranger(definition)
    if arranger.problems:
        message = arranger.problems[0].message
        raise InvalidRequest(message, hint="Correct the definition.")
    generations = tuple(_generations(arranger))
    stages = TopologicalSorter({name: one.after for name, one in arranger.stages.items()})
    order: dict[str, list[str]] = {name: [] for name in stages.static_order()}
    for name in (name for names in generations for name in names):
        order[arranger.jobs[name].stage].append(name)
    sorted_jobs = {stage: tuple(names) for stage, names in order.items()}
    return Arrangement(arranger.stages, arranger.jobs, generations, sorted_jobs)


class _Arranger:
    def __init__(self, definition: PipelineDefinition) -> None:
        self.problems: list[OrderProblem] = []
        self.stages: dict[str, StageSpec] = {}
        self.jobs: dict[str, JobSpec] = {}
        self._instances: dict[tuple[str, str], tuple[str, ...]] = {}
        self._waits: dict[str, tuple[str, ...]] = {}
        listed = list(_stages(definition))
        for index, (stage, location, gate) in enumerate(listed):
            self._enter(stage, location, gate, [one.name for one, _, _ in listed[:index]])
        if len(self.jobs) > MAX_JOBS:
            message = f"There are more than {MAX_JOBS} jobs; split the pipeline."
            self.problems = [OrderProblem(message, ("stages",))]
            return
        names = {one.name for one, _, _ in listed}
        for stage, location, _ in listed:
            self._check_stage_needs(stage, location, names)
        if not self.problems:
            self._check_cycles(self._waits, "stages", self.stages)
        if not self.problems:
            self._connect()

    def _report(self, message: str, *location: str | int) -> None:
        self.problems.append(OrderProblem(message, location))

    def _enter(self, stage: Stage, location: Location, gate: Gate, earlier: list[str]) -> None:
        if stage.name in earlier:
            message = f"There are two stages named `{stage.name}`; rename one."
            self._report(message, *location, "name")
            return
        is_following = stage.name in ("rollback", "always") and gate != "success"
        if is_following:
            self._waits[stage.name] = tuple(earlier)
        else:
            last = tuple(earlier[-1:])
            self._waits[stage.name] = last if stage.needs is None else stage.needs
        jobs = tuple(self._enter_jobs(stage, location))
        condition = parse_condition(stage.condition) if stage.condition else None
        self.stages[stage.name] = StageSpec(
            stage.name, stage, gate, location, (), frozenset(), jobs, condition
        )

    def _enter_jobs(self, stage: Stage, location: Location) -> Iterator[str]:
        for index, job in enumerate(stage.jobs):
            if len(self.jobs) > MAX_JOBS:
                return
            at = (*location, "jobs", index) if location[0] == "stages" else (*location, index)
            if (stage.name, job.name) in self._instances:
                message = f"There are two jobs named `{job.name}` in `{stage.name}`; rename one."
                self._report(message, *at, "name")
            specs = [self._spec(stage, job, one, at) for one in self._combinations(job, at)]
            for spec in specs:
                if spec.id in self.jobs and (stage.name, job.name) not in self._instances:
                    self._report(f"Two jobs are called `{spec.id}`; rename one.", *at, "name")
            self.jobs.update((spec.id, spec) for spec in specs)
            self._instances[stage.name, job.name] = tuple(spec.id for spec in specs)
            yield from (spec.id for spec in specs)

    def _combinations(self, job: Job, at: Location) -> list[Combination]:
        if job.matrix is None:
            return [{}]
        try:
            return expand(job.matrix)
        except ValueError as error:
            self._report(str(error), *at, "matrix")
            return []

    def _spec(self, stage: Stage, job: Job, one: Combination, at: Location) -> JobSpec:
        suffix = f" ({label(one)})" if one else ""
        condition = parse_condition(job.condition) if job.condition else None
        name = f"{stage.name}/{job.name}{suffix}"
        return JobSpec(name, stage.name, job, one, at, (), (), frozenset(), condition)

    def _check_stage_needs(self, stage: Stage, location: Location, names: set[str]) -> None:
        for index, need in enumerate(stage.needs or ()):
            if need not in names:
                message = f"There is no stage `{need}`{_near(need, names)}"
                self._report(message, *location, "needs", index)

    def _check_cycles(
        self,
        waits: Mapping[str, Iterable[str]],
        what: str,
        specs: Mapping[str, StageSpec | JobSpec],
    ) -> None:
        try:
            TopologicalSorter(waits).prepare()
        except CycleError as error:
            cycle = [str(one) for one in error.args[1]]
            way = " waits for ".join(f"`{one}`" for one in reversed(cycle))
            hint = "remove one of the needs, or set `parallel: true` in a stage whose jobs wait"
            message = f"These {what} wait for each other: {way}; {hint}."
            self._report(message, *specs[cycle[0]].location, "needs")

    def _connect(self) -> None:
        """Replace the specs by ones that know what they wait for."""
        for name in TopologicalSorter(self._waits).static_order():
            self._connect_stage(name)
        waits = {one.id: (*one.follows, *one.needs) for one in self.jobs.values()}
        self._check_cycles(waits, "jobs", self.jobs)
        if not self.problems:
            for name in TopologicalSorter(waits).static_order():
                self._connect_job(name, waits[name])
            for stage in self.stages.values():
                self._check_outputs(stage)

    def _connect_stage(self, name: str) -> None:
        spec = self.stages[name]
        after = self._waits[name]
        before = frozenset(after).union(*(self.stages[one].before for one in after))
        self.stages[name] = replace(spec, after=after, before=before)
        previous: tuple[str, ...] = ()
        for job in spec.stage.jobs:
            instances = self._instances[name, job.name]
            for one in instances:
                self._link(self.jobs[one], () if spec.stage.parallel else previous, before)
            previous = instances

    def _link(self, spec: JobSpec, follows: tuple[str, ...], before: frozenset[str]) -> None:
        needs = [
            one
            for index, need in enumerate(spec.job.needs)
            for one in self._resolve(need, spec, before, (*spec.location, "needs", index))
        ]
        unique = tuple(dict.fromkeys(needs))
        self.jobs[spec.id] = replace(spec, follows=follows, needs=unique)

    def _connect_job(self, name: str, waits: Iterable[str]) -> None:
        spec = self.jobs[name]
        upstream = frozenset(waits).union(*(self.jobs[one].upstream for one in waits))
        self.jobs[name] = replace(spec, upstream=upstream)

    def _check_outputs(self, stage: StageSpec) -> None:
        """Conditions ask only for outputs of jobs that are over by then."""
        before = frozenset(job for name in stage.before for job in self.stages[name].jobs)
        self._check_asked(stage, before)
        for name in stage.jobs:
            self._check_asked(self.jobs[name], before | self.jobs[name].upstream)

    def _check_asked(self, spec: StageSpec | JobSpec, over: frozenset[str]) -> None:
        for named in spec.condition.names if spec.condition else ():
            if named.name == "outputs":
                job, _, output = named.member.partition(".")
                found = [self.jobs[one].job for one in over if self.jobs[one].job.name == job]
                message = _output_objection(job, output, found)
                if message:
                    self._report(f"`{named.text}`: {message}", *spec.location, "condition")

    def _resolve(
        self, need: str, spec: JobSpec, before: frozenset[str], at: Location
    ) -> tuple[str, ...]:
        candidates = self._candidates(need, spec.stage)
        reachable = [one for one in candidates if one[0] in before | {spec.stage}]
        if len(reachable) == 1:
            return self._instances[reachable[0]]
        if reachable:
            options = " or ".join(f"`{'/'.join(one)}`" for one in reachable)
            self._report(f"`{need}` is in several stages; write {options}.", *at)
        elif candidates:
            where = candidates[0][0]
            message = f"`{need}` is in stage `{where}`, which does not run before `{spec.stage}`."
            self._report(message, *at)
        else:
            known = {name for _, name in self._instances}
            self._report(f"There is no job `{need}`{_near(need, known)}", *at)
        return ()

    def _candidates(self, need: str, stage: str) -> list[tuple[str, str]]:
        if (stage, need) in self._instances:
            return [(stage, need)]
        return [one for one in self._instances if need in (one[1], "/".join(one))]


def _stages(definition: PipelineDefinition) -> Iterator[tuple[Stage, Location, Gate]]:
    """The stages of the definition, then its rollback and always jobs as stages of their own."""
    for index, stage in enumerate(definition.stages):
        yield stage, ("stages", index), "success"
    for name, gate in _FOLLOWING:
        jobs = getattr(definition, name)
        if jobs:
            yield Stage(name=name, jobs=jobs), (name,), gate


def _output_objection(job: str, output: str, found: list[Job]) -> str:
    if not found:
        return f"no job `{job}` is over by then; name it in `needs`, or run it in an earlier stage."
    if len(found) > 1:
        return f"several jobs are called `{job}`, or it has a matrix; ask one that is alone."
    if output not in found[0].outputs:
        return f"`{job}` does not name `{output}` in its `outputs`; add it there."
    return ""


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; did you mean `{near[0]}`?" if near else "; remove it or add one of that name."


def _generations(arranger: _Arranger) -> Iterator[tuple[str, ...]]:
    level: dict[str, int] = {}
    reached: dict[str, int] = {}
    waits = {name: spec.after for name, spec in arranger.stages.items()}
    for name in TopologicalSorter(waits).static_order():
        spec = arranger.stages[name]
        start = max((reached[one] for one in spec.after), default=0)
        inner = {one: arranger.jobs[one].upstream & set(spec.jobs) for one in spec.jobs}
        for job in TopologicalSorter(inner).static_order():
            level[job] = 1 + max((level[one] for one in arranger.jobs[job].upstream), default=0)
            level[job] = max(level[job], start + 1)
        reached[name] = max((level[one] for one in spec.jobs), default=start)
    for number in range(1, max(level.values(), default=0) + 1):
        yield tuple(one for one in arranger.jobs if level[one] == number)
