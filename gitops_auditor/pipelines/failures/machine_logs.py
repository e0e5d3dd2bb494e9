"""What shells, git, package managers and docker say when a command cannot work."""

import re
from typing import Final, NamedTuple

from gitops_auditor.pipelines.failures.models import (
    FailureCause,
    Finding,
    Lines,
    Reader,
    Weight,
)


class _Saying(NamedTuple):
    """A line that tells what is wrong; `{0}` in the texts is what its pattern captured."""

    pattern: re.Pattern[str]
    kind: FailureCause
    cause: str
    suggestion: str
    weight: Weight = Weight.COMMAND


def _saying(
    pattern: str,
    kind: FailureCause,
    cause: str,
    suggestion: str,
    weight: Weight = Weight.COMMAND,
) -> _Saying:
    return _Saying(re.compile(pattern), kind, cause, suggestion, weight)


_SHELL: Final = r"(?:[\w./-]{1,200}: )?(?:-c: )?(?:line )?(?:\d{1,7}: )?"
_SAYINGS: Final = (
    _saying(
        r".{0,300}(?:JavaScript heap out of memory|java\.lang\.OutOfMemoryError|std::bad_alloc"
        r"|Cannot allocate memory|^MemoryError$)",
        "memory",
        "It ran out of memory.",
        "Use less memory, or raise the memory that a job may use.",
        Weight.DECISIVE,
    ),
    _saying(
        r".{0,300}(?:No space left on device|Disk quota exceeded)",
        "disk",
        "The disk is full, or the job wrote more than it may.",
        "Free space, or write less.",
        Weight.DECISIVE,
    ),
    _saying(
        r".{0,300}(?:fork: (?:retry: )?Resource temporarily unavailable|[Cc]annot fork"
        r"|[Cc]an't start new thread|unable to create (?:new )?native thread"
        r"|^BlockingIOError: \[Errno 11\] Resource temporarily unavailable)",
        "limit",
        "It could not start another process: it runs as many as it may.",
        "Run fewer processes at once, or raise the number that a job may run.",
        Weight.DECISIVE,
    ),
    _saying(
        r"(?:.{0,300}: |OSError: \[Errno 24\] )Too many open files|.{0,100}Error: EMFILE",
        "limit",
        "It could not open another file: it holds as many as it may.",
        "Close files that are not needed any more.",
        Weight.DECISIVE,
    ),
    _saying(
        r"(?:FAIL )?(?P<what>Required test coverage of .{1,100} not reached.*)",
        "coverage",
        "{0}",
        "Add tests for what is not covered, or lower the threshold.",
        Weight.TEST,
    ),
    _saying(
        r"(?P<what>Coverage failure: .+|Jest: .{0,100}coverage threshold .+"
        r"|ERROR: Coverage for .+ does not meet .+)",
        "coverage",
        "{0}",
        "Add tests for what is not covered, or lower the threshold.",
        Weight.TEST,
    ),
    # As npm and make say it of what their own shell did not find.
    _saying(
        r"sh: (?:line )?(?:\d{1,7}: )?(?P<what>[^\s:]{1,200}): (?:command )?not found",
        "command",
        "The command `{0}` is not installed.",
        "Install what the project needs in an earlier job, such as with `npm ci`; or install `{0}`"
        " on the machine for all users.",
    ),
    _saying(
        _SHELL + r"(?P<what>[^\s:]{1,200}): (?:command )?not found",
        "command",
        "The command `{0}` is not installed.",
        "Install `{0}` on the machine for all users, name its folder in PIPELINE_JOB_FOLDERS, or"
        " correct its name.",
    ),
    _saying(
        _SHELL + r"(?P<what>[A-Za-z_]\w{0,200}): (?:unbound variable|parameter not set)",
        "command",
        "The variable {0} is not set.",
        "Set {0} in `env`, `secrets` or the script.",
    ),
    _saying(
        _SHELL + r"(?P<what>[^:]{1,300}): Permission denied",
        "command",
        "Permission to use `{0}` was denied.",
        "Make `{0}` executable or readable for the job, and write only below the checkout.",
    ),
    _saying(
        _SHELL + r"(?:cannot open |cd: )?(?P<what>[^:]{1,300}): No such file or directory",
        "command",
        "There is no file or folder `{0}`.",
        "Correct the path; it is relative to the checkout or `working_directory`.",
    ),
    _saying(
        r"[\w./-]{1,200}: .{0,40}(?P<what>[sS]yntax error.+)",
        "command",
        "The script has a {0}.",
        "Correct the script.",
    ),
    _saying(
        r"make(?:\[\d{1,3}\])?: \*\*\* (?P<what>No rule to make target .+)",
        "command",
        "{0}",
        "Correct the name of the target, or add a rule for it.",
    ),
    _saying(
        r"npm (?:ERR!|error) (?P<what>Missing script: .+)",
        "command",
        "{0}",
        "Add the script to package.json, or correct its name.",
    ),
    _saying(
        r"npm (?:ERR!|error) code EUSAGE",
        "dependency",
        "npm cannot work with what it was given: package-lock.json is missing or out of date.",
        "Run `npm install` and commit package-lock.json.",
    ),
    _saying(
        r"npm (?:ERR!|error) (?:code (?P<what>E(?!LIFECYCLE)[A-Z0-9_]{2,40})|404 Not Found.*)",
        "dependency",
        "npm could not install the dependencies ({0}).",
        "Look at the lines after the code, and at names and versions in package.json.",
    ),
    _saying(
        r".{0,10}(?P<what>ERR_PNPM_\w{1,80} .+)",
        "dependency",
        "{0}",
        "Correct what pnpm names.",
    ),
    _saying(
        r"ERROR: (?P<what>(?:Could not find a version that satisfies|No matching distribution|"
        r"ResolutionImpossible|Cannot install).+)",
        "dependency",
        "{0}",
        "Correct the requirement, or the index that it is looked for in.",
    ),
    _saying(
        r"\[ERROR\] (?P<what>Failed to execute goal .{1,400}Could not (?:resolve|find|transfer).+)",
        "dependency",
        "{0}",
        "Correct the dependency or the repository that it comes from.",
    ),
    _saying(
        r"error: (?P<what>no matching package named .+|failed to select a version.+)",
        "dependency",
        "{0}",
        "Correct the dependency in Cargo.toml.",
    ),
    _saying(
        r".{0,300}?(?P<what>Could not resolve host.{0,300}|Temporary failure in name resolution"
        r"|getaddrinfo (?:ENOTFOUND|EAI_AGAIN).{0,300}|Network is unreachable"
        r"|connect E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH).{0,300}|Connection refused)",
        "network",
        "The network failed: {0}",
        "Check that the host can be reached, and that the job has `network: full`.",
    ),
    _saying(
        r"CONFLICT \(.{1,60}\): (?P<what>.+)", "repository", "{0}", "Resolve the conflict first."
    ),
    _saying(
        r" ! \[(?:remote )?rejected\] (?P<what>.+)",
        "repository",
        "git refused a push: {0}",
        "Fetch what changed there first, or look at the rules of the branch.",
    ),
    _saying(
        r"(?:fatal: |error: )(?P<what>(?:repository|couldn't find remote ref|pathspec|not a git"
        r"|unable to access|Authentication failed|ambiguous argument|bad revision|could not read"
        r"|refusing to merge|detected dubious|You have not|unable to auto-detect).+)",
        "repository",
        "git: {0}",
        "Check the name, the rights and the state of the repository.",
    ),
    _saying(
        r"(?:ERROR: |docker: )?(?P<what>Cannot connect to the Docker daemon.+)",
        "container",
        "{0}",
        "Start Docker, and give the job's user access to it.",
    ),
    _saying(
        r"ERROR: (?:failed to build: )?(?P<what>failed to solve: .+)",
        "container",
        "{0}",
        "Look at the step of the Dockerfile that the lines above it name.",
    ),
    _saying(
        r"(?:docker: )?(?:Error response from daemon: )(?P<what>.+)",
        "container",
        "Docker: {0}",
        "Correct the image or the options.",
    ),
    _saying(
        r"(?P<what>make(?:\[\d{1,3}\])?: \*\*\* .+ Error \d{1,4}.*)",
        "command",
        "{0}",
        "Look at the output of the command before it.",
        Weight.CONSEQUENCE,
    ),
    _saying(
        r"(?P<what>npm (?:ERR!|error) (?:code ELIFECYCLE|Lifecycle script .+)"
        r"|.{0,3}ELIFECYCLE.{0,3}Command failed .+|error Command failed with exit code .+)",
        "command",
        "{0}",
        "Look at the output of the script before it.",
        Weight.CONSEQUENCE,
    ),
    _saying(
        r"(?:[Ee]rror|ERROR|FATAL|fatal|Fatal)(?:\[\w{1,40}\])?: (?P<what>.+)",
        "command",
        "{0}",
        "Look at the lines around it.",
        Weight.CONSEQUENCE,
    ),
)


def _reader(saying: _Saying) -> Reader:
    def read(lines: Lines) -> Finding | None:
        for index, line in enumerate(lines):
            found = saying.pattern.match(line)
            if found is not None:
                what = (found.groupdict().get("what") or "").strip()
                return Finding(
                    saying.weight,
                    saying.kind,
                    saying.cause.format(what),
                    index,
                    index,
                    suggestion=saying.suggestion.format(what),
                )
        return None

    return read


READERS: Final = tuple(_reader(one) for one in _SAYINGS)
