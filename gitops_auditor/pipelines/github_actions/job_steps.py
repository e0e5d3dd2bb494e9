"""The steps of a job on GitHub: checkout, cache, the script, artifacts."""

import math
from typing import Final

from gitops_auditor.errors import JsonValue
from gitops_auditor.pipelines.cache_keys import Checksum, KeyName, parse_key
from gitops_auditor.pipelines.fields import Artifacts, Cache, Retries
from gitops_auditor.pipelines.github_actions.actions import CACHE, CHECKOUT, UPLOAD
from gitops_auditor.pipelines.github_actions.expressions import BRANCH
from gitops_auditor.pipelines.github_actions.names import is_secret_name, literal, quoted, slug
from gitops_auditor.pipelines.github_actions.trigger_export import Report
from gitops_auditor.pipelines.models import Job

Step = dict[str, JsonValue]

SHELL: Final = "bash"
OUTPUT_FILE: Final = "GITOPS_OUTPUT"
"""Variable with the path of the file that a script writes its outputs to."""
_KEY_NAMES: Final = {
    "branch": BRANCH,
    "base_branch": "github.base_ref",
    "os": "runner.os",
    "arch": "runner.arch",
}
_DAY: Final = 86_400
_REPEAT: Final = """\
attempt=1
wait={first}
while true; do
  code=0
  bash --noprofile --norc -eo pipefail -c "$GITOPS_SCRIPT" || code=$?
  if [ "$code" -eq 0 ] || [ "$attempt" -gt {limit} ]; then exit "$code"; fi
  echo "Attempt $attempt failed with $code; the next one starts in $wait s."
  sleep "$wait"
  attempt=$((attempt + 1))
  {next}
done
"""


def checkout() -> Step:
    """Gets the repository, and leaves no credentials behind."""
    return {
        "name": "Check out",
        "uses": CHECKOUT.reference,
        "with": {"persist-credentials": False},
    }


def cache_step(cache: Cache, job_id: str) -> Step:
    """Restores the cache, and saves it when the job succeeds."""
    settings: dict[str, JsonValue] = {"path": "\n".join(literal(one) for one in cache.paths)}
    if cache.key is None:
        prefix = f"{job_id}-${{{{ runner.os }}}}-"
        settings["key"] = f"{prefix}${{{{ github.run_id }}}}"
        settings["restore-keys"] = prefix
    else:
        settings["key"] = "".join(_key_part(one, job_id) for one in parse_key(cache.key))
    return {"name": "Restore cache", "uses": CACHE.reference, "with": settings}


def _key_part(part: str | Checksum | KeyName, job_id: str) -> str:
    if isinstance(part, Checksum):
        return f"${{{{ hashFiles({quoted(part.path)}) }}}}"
    if isinstance(part, str):
        return literal(part)
    if part.name == "job":
        return job_id
    return f"${{{{ {_KEY_NAMES.get(part.name, part.name)} }}}}"


def script_step(
    job: Job, secrets: dict[str, str], variables: dict[str, str], path: str, report: Report
) -> Step:
    """Runs the script, again after a failure when retries say so.

    `variables` are expressions by the name under which the script finds their values.
    """
    step: Step = {"name": literal(job.name), "id": "script"}
    environment: dict[str, JsonValue] = {
        name: f"${{{{ {expression} }}}}" for name, expression in variables.items()
    }
    environment |= {
        name: f"${{{{ secrets.{secret} }}}}"
        for name, secret in secrets.items()
        if _is_secret(name, secret, path, report)
    }
    script = f"{job.script}\n"
    if job.outputs:
        script = f'export {OUTPUT_FILE}="$GITHUB_OUTPUT"\n{script}'
    if _repeats(job.retries, path, report):
        environment["GITOPS_SCRIPT"] = literal(script)
        script = _loop(job.retries)
    if environment:
        step["env"] = environment
    if job.working_directory is not None:
        step["working-directory"] = literal(job.working_directory)
    return {**step, "shell": SHELL, "run": literal(script)}


def _is_secret(name: str, secret: str, path: str, report: Report) -> bool:
    if is_secret_name(secret):
        return True
    report(f"{path}.secrets.{name}", f"GitHub cannot have a secret named {secret!r}")
    return False


def _repeats(retries: Retries | None, path: str, report: Report) -> bool:
    if retries is None or not retries.limit:
        return False
    others = [one for one in retries.on if one != "failed"]
    if others:
        reason = f"GitHub repeats nothing by itself: not after {' or '.join(others)}"
        report(f"{path}.retries.on", reason)
    return "failed" in retries.on


def _loop(retries: Retries | None) -> str:
    """A loop in the shell, which is all that GitHub offers for it."""
    retries = retries or Retries(limit=0)
    most = retries.max_delay
    doubled = f"wait=$((wait * 2 > {most} ? {most} : wait * 2))"
    following = doubled if retries.backoff == "exponential" else f"wait={retries.wait_before(1)}"
    return _REPEAT.format(first=retries.wait_before(1), limit=retries.limit, next=following)


def artifacts_step(artifacts: Artifacts, job_id: str, *, is_matrix: bool) -> Step:
    """Keeps files of the job; a matrix numbers the names, which have to differ within a run."""
    name = slug(artifacts.name) if artifacts.name else job_id
    index = "-${{ strategy.job-index }}" if is_matrix else ""
    settings: dict[str, JsonValue] = {
        "name": f"{name}{index}",
        "path": "\n".join(literal(one) for one in artifacts.paths),
        "include-hidden-files": True,
    }
    if artifacts.expire_in is not None:
        settings["retention-days"] = max(1, math.ceil(artifacts.expire_in / _DAY))
    return {"name": "Keep artifacts", "uses": UPLOAD.reference, "with": settings}


def only_if(step: Step, condition: str) -> Step:
    """The step under a condition, an expression without its braces; unchanged when it is empty."""
    if not condition:
        return step
    rest = {key: value for key, value in step.items() if key != "name"}
    return {"name": step["name"], "if": f"${{{{ {condition} }}}}", **rest}


def refusal(kind: str) -> Step:
    """Fails: GitHub has nothing that does the job, and what follows must not run without it."""
    message = f"GitHub cannot do this `{kind}` job; run the pipeline on the platform."
    return {"name": "Refuse", "shell": SHELL, "run": f"echo '{message}' >&2\nexit 1\n"}


def approval_step() -> Step:
    """Fails unless the environment was set up by a person, who then also names the reviewers.

    GitHub makes an environment that is missing, without anybody to ask.
    """
    message = "Set reviewers for this environment, and its variable GITOPS_APPROVAL to `required`."
    return {
        "name": "Require approval",
        "env": {"APPROVAL": "${{ vars.GITOPS_APPROVAL }}"},
        "shell": SHELL,
        "run": f"if [ \"$APPROVAL\" != required ]; then\n  echo '{message}' >&2\n  exit 1\nfi\n",
    }
