"""What is known of a program that gates run: how it says what it saw, or that it saw nothing."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from gitops_auditor.quality.checks.command_line import Call

Whole = Literal["none", "dot", "files"]
"""What it needs to look at everything: nothing, the folder, or the name of each file."""

_FLAGS: Final = re.MULTILINE


@dataclass(frozen=True)
class KnownCommand:
    r"""A program, and the subcommands or options that follow its name.

    `patterns` name its files, `takes_files` says that it looks at those it is given. `failed` are
    the exit codes that mean findings; any other one but zero means that it broke. The texts are
    regular expressions for its output, `^` is the beginning of a line:

    - `nothing`: it looked at nothing, or not at all that it was given,
    - `broke`: it could not do its work, whatever the exit code says,
    - `found`: it has findings, whatever the exit code says,
    - `proof`: it looked; without it there is no pass, unless one of the options `quiet` was given,
    - `finding`: an exit code of `failed` means findings only with it.

    `valued` are its options that take a value in the next word.
    """

    words: tuple[str, ...]
    install: str
    patterns: tuple[str, ...] = ()
    takes_files: bool = False
    whole: Whole = "none"
    recursion: tuple[str, ...] = ()
    failed: frozenset[int] = frozenset({1})
    nothing: str = ""
    broke: str = ""
    found: str = ""
    proof: str = ""
    quiet: tuple[str, ...] = ()
    finding: str = ""
    valued: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As people call it."""
        return " ".join(self.words)

    def is_called(self, call: Call) -> bool:
        """Whether the call is one of it."""
        subcommand = self.words[1:]
        if call.program != self.words[0]:
            return False
        return call.arguments[: len(subcommand)] == subcommand

    def names_paths(self, call: Call) -> bool:
        """Whether the call says what to look at."""
        words = iter(call.arguments[len(self.words) - 1 :])
        for word in words:
            if word in self.valued:
                next(words, None)
            elif not word.startswith("-"):
                return True
        return False

    def is_quiet(self, call: Call) -> bool:
        """Whether it was told not to say that it looked."""
        return any(word.partition("=")[0] in self.quiet for word in call.arguments)

    @cached_property
    def has_nothing(self) -> re.Pattern[str] | None:
        """`nothing`, compiled."""
        return _compiled(self.nothing)

    @cached_property
    def has_broken(self) -> re.Pattern[str] | None:
        """`broke`, compiled."""
        return _compiled(self.broke)

    @cached_property
    def has_found(self) -> re.Pattern[str] | None:
        """`found`, compiled."""
        return _compiled(self.found)

    @cached_property
    def has_proof(self) -> re.Pattern[str] | None:
        """`proof`, compiled."""
        return _compiled(self.proof)

    @cached_property
    def has_finding(self) -> re.Pattern[str] | None:
        """`finding`, compiled."""
        return _compiled(self.finding)


def _compiled(expression: str) -> re.Pattern[str] | None:
    return re.compile(expression, _FLAGS) if expression else None
