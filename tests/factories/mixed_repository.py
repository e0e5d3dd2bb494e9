"""The files of a repository in many languages, about a thousand, the same ones every time.

They are long enough that linters and scanners have work to do, and clean for ruff, shellcheck,
hadolint, yamllint, zizmor, bandit and gitleaks as they are configured without a word of theirs.
"""

import random
import re
from collections.abc import Callable, Iterator
from typing import Final

from tests.factories import mixed_texts as texts

_SEED: Final = 1004
_NOUNS: Final = (
    "order", "invoice", "parcel", "ticket", "member", "shelf", "sensor", "route", "report", "batch",
)  # fmt: skip
_FIELDS: Final = ("amount", "weight", "height", "volume", "length", "score", "rank", "price")
_AREAS: Final = ("billing", "catalog", "delivery", "planning", "search", "storage", "tracking")
_WORDS: Final = tuple(
    re.findall(
        r"[a-z]+",
        "the a each every first next last stored sorted signed open old new small large record "
        "queue table folder worker reader writer server client answer question reason result keeps "
        "holds sends takes returns finds counts follows names before after while until when with",
    )
)


PYTHON, SCRIPTS, MANIFESTS, DOCKERFILES, WORKFLOWS = 401, 60, 78, 12, 12
JAVASCRIPT, TYPESCRIPT, PROSE, RECORDS = 180, 90, 111, 59


def mixed_files() -> dict[str, str]:
    """1,004 files by their paths: 401 Python (22,000 lines), 180 JavaScript, 111 Markdown ..."""
    chance = random.Random(_SEED)  # noqa: S311 - the same files every time are wanted
    kinds: tuple[tuple[int, str, Callable[[random.Random], str]], ...] = (
        (PYTHON, "src/{area}/{noun}_{number:03}.py", _python),
        (JAVASCRIPT, "web/{area}/{noun}-{number:03}.js", _javascript),
        (TYPESCRIPT, "web/{area}/{noun}-{number:03}.ts", _typescript),
        (PROSE, "docs/{area}/{noun}-{number:03}.md", _prose),
        (SCRIPTS, "scripts/{area}/{noun}-{number:03}.sh", _script),
        (MANIFESTS, "deploy/{area}/{noun}-{number:03}.yaml", _manifest),
        (DOCKERFILES, "images/{area}-{number:03}/Dockerfile", _dockerfile),
        (WORKFLOWS, ".github/workflows/{area}-{number:03}.yml", _workflow),
        (RECORDS, "data/{area}/{noun}-{number:03}.json", _records),
    )
    files = {
        "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
    }
    for count, pattern, make in kinds:
        for number in range(count):
            area, noun = _AREAS[number % len(_AREAS)], _NOUNS[number // 7 % len(_NOUNS)]
            files[pattern.format(area=area, noun=noun, number=number)] = make(chance)
    return files


def _named(chance: random.Random) -> dict[str, str | int]:
    noun = chance.choice(_NOUNS)
    return {
        "noun": noun,
        "title": noun.title(),
        "area": chance.choice(_AREAS),
        "field": chance.choice(_FIELDS),
        "limit": chance.randrange(128, 4096),
        "number": chance.randrange(2, 99),
        "exit": chance.randrange(2, 9),
        "minutes": chance.randrange(5, 30),
        "port": chance.randrange(2000, 9000),
        "uid": chance.randrange(1001, 9000),
    }


def _assembled(
    chance: random.Random, head: str, parts: tuple[str, ...], count: int
) -> Iterator[str]:
    names = _named(chance)
    yield head.format(**names)
    for index in range(count):
        names["number"] = chance.randrange(2, 99)
        yield chance.choice(parts).format(index=index, **names)


def _python(chance: random.Random) -> str:
    parts = tuple(chance.sample(texts.PYTHON_PARTS, 2))
    names = {**_named(chance), "imports": "{imports}"}
    head = texts.PYTHON_HEAD.format(**names)
    told = [part.format(index=index, **names) for index, part in enumerate(parts)]
    # Two empty lines stand between what is at the top of a module.
    text = "\n".join([head, *told])
    return text.replace("{imports}", "\n".join(_imports(text)))


def _imports(text: str) -> Iterator[str]:
    used = set(re.findall(r"[A-Za-z]+(?=[.(,)\[\]:]|$)", text))
    for line, names in texts.IMPORTS:
        if wanted := [name for name in names if name in used]:
            yield line.format(", ".join(wanted))


def _javascript(chance: random.Random) -> str:
    return "".join(_assembled(chance, texts.JS_HEAD, texts.JS_PARTS, chance.randrange(8, 28)))


def _typescript(chance: random.Random) -> str:
    return "".join(_assembled(chance, texts.TS_HEAD, texts.TS_PARTS, chance.randrange(6, 20)))


def _script(chance: random.Random) -> str:
    rest = [part.format(index=9, **_named(chance)) for part in texts.SCRIPT_PARTS[1:]]
    return "".join([*_assembled(chance, texts.SCRIPT_HEAD, texts.SCRIPT_PARTS[:1], 2), *rest])


def _manifest(chance: random.Random) -> str:
    return "".join(_assembled(chance, texts.YAML_HEAD, (texts.YAML_PART,), chance.randrange(2, 12)))


def _dockerfile(chance: random.Random) -> str:
    return texts.DOCKERFILE.format(**_named(chance))


def _workflow(chance: random.Random) -> str:
    return texts.WORKFLOW.format(**_named(chance))


def _prose(chance: random.Random) -> str:
    paragraphs = []
    for number in range(chance.randrange(6, 22)):
        words = [chance.choice(_WORDS) for _ in range(chance.randrange(40, 120))]
        lines = (" ".join(words[at : at + 14]) for at in range(0, len(words), 14))
        paragraphs.append(f"## Part {number}\n\n" + "\n".join(lines) + "\n")
    return "# Notes\n\n" + "\n".join(paragraphs)


def _records(chance: random.Random) -> str:
    rows = [f'  {{"id": "{number}", "score": {chance.randrange(999)}}}' for number in range(1_200)]
    return "[\n" + ",\n".join(rows) + "\n]\n"
