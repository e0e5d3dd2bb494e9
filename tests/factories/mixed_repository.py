"""The files of a repository in many languages, about a thousand, the same ones every time.

They are long enough that linters and scanners have work to do, and clean for ruff, shellcheck,
hadolint, yamllint, zizmor, bandit and gitleaks as they are configured without a word of theirs.
"""

import random
import re
from collections.abc import Callable, Iterator
from typing import Final

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

_PYTHON_HEAD: Final = '''"""Keeps every {noun} of {area}, and says what they amount to."""

{imports}

logger = logging.getLogger(__name__)
LIMIT = {limit}


class {title}Error(ValueError):
    """A {noun} is not as it has to be."""


@dataclass(frozen=True)
class {title}:
    """One {noun}, with its {field}."""

    identifier: str
    {field}: float
    labels: tuple[str, ...] = field(default_factory=tuple)

    def heavier_than(self, other: "{title}") -> bool:
        """Whether its {field} is more than that of another."""
        return self.{field} > other.{field}
'''

_IMPORTS: Final = (
    ("import json", ("json",)),
    ("import logging", ("logging",)),
    ("from collections import {}", ("defaultdict",)),
    ("from collections.abc import {}", ("Iterable", "Iterator")),
    ("from dataclasses import {}", ("dataclass", "field")),
    ("from pathlib import {}", ("Path",)),
)
_PYTHON_PARTS: Final = (
    '''
def grouped_{index}(items: Iterable[{title}]) -> dict[str, list[{title}]]:
    """Every {noun} by each of its labels."""
    found: dict[str, list[{title}]] = defaultdict(list)
    for item in items:
        for label in item.labels or ("none",):
            found[label].append(item)
    return dict(found)
''',
    '''
def read_{index}(path: Path) -> Iterator[{title}]:
    """Every {noun} of a file of lines in JSON."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                told = json.loads(line)
            except json.JSONDecodeError as error:
                raise {title}Error(f"{{path}}:{{number}}: {{error.msg}}") from error
            yield {title}(told["id"], float(told["{field}"]), tuple(told.get("labels", ())))
''',
    '''
def total_{index}(items: Iterable[{title}], *, most: int = LIMIT) -> float:
    """The {field} of the first {limit} together."""
    total = 0.0
    for count, item in enumerate(items):
        if count >= most:
            logger.warning("more than %d are left out", most)
            break
        if item.{field} < 0:
            message = f"{{item.identifier}} has {{item.{field}}}"
            raise {title}Error(message)
        total += item.{field} * {number}
    return total
''',
    '''
class {title}Shelf{index}:
    """Keeps the best of each label."""

    def __init__(self, most: int = {number}) -> None:
        self._most = most
        self._kept: dict[str, {title}] = {{}}

    def put(self, item: {title}) -> bool:
        """Keep it if it is better; whether it was."""
        changed = False
        for label in item.labels[: self._most]:
            before = self._kept.get(label)
            if before is None or item.heavier_than(before):
                self._kept[label] = item
                changed = True
        return changed

    def best(self) -> list[{title}]:
        """What is kept, the most first."""
        return sorted(self._kept.values(), key=lambda one: -one.{field})
''',
    '''
def written_{index}(items: Iterable[{title}], path: Path) -> int:
    """Write them as lines in JSON; returns how many there were."""
    lines = [json.dumps({{"id": item.identifier, "{field}": item.{field}}}) for item in items]
    path.write_text("\\n".join(lines), encoding="utf-8")
    logger.info("%d written to %s", len(lines), path)
    return len(lines)
''',
)

_SCRIPT_HEAD: Final = """#!/usr/bin/env bash
set -euo pipefail

target="${{1:-build/{area}}}"
limit="${{LIMIT:-{limit}}}"

say() {{
  printf '%s\\n' "$*" >&2
}}
"""

_SCRIPT_PARTS: Final = (
    """
count_{index}() {{
  local folder="$1" found=0 file
  while IFS= read -r -d '' file; do
    if [[ -s "$file" && "$file" != *.{noun} ]]; then
      found=$((found + 1))
    fi
  done < <(find "$folder" -type f -print0)
  say "$found files in $folder"
  ((found <= limit))
}}
count_{index} "$target"
""",
    """
clean_{index}() {{
  local name
  for name in {noun} {field} {area}; do
    if [[ -d "$target/$name-{number}" ]]; then
      rm -rf -- "${{target:?}}/$name-{number}"
      say "removed $name"
    fi
  done
}}
clean_{index}
""",
    """
case "${{2:-{noun}}}" in
  {noun}) say "keeps {field}" ;;
  {field} | {area}) say "keeps {number}" ;;
  *)
    say "unknown: ${{2:-}}"
    exit {exit}
    ;;
esac
""",
)

_DOCKERFILE: Final = """FROM python:3.13-slim AS {area}
WORKDIR /srv/{noun}
COPY requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt \\
    && useradd --system --uid {uid} {noun}
COPY . .
USER {uid}
EXPOSE {port}
CMD ["python", "-m", "{area}.{noun}"]
"""

_WORKFLOW: Final = """name: {area} {noun}
on:
  push:
    branches: [main]
  pull_request:
permissions: {{}}
concurrency:
  group: {area}-{noun}-${{{{ github.ref }}}}
  cancel-in-progress: true
jobs:
  test:
    name: Test {noun}
    runs-on: ubuntu-24.04
    timeout-minutes: {minutes}
    permissions:
      contents: read
    strategy:
      matrix:
        part: [{noun}, {field}, {area}]
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - name: Test
        env:
          PART: ${{{{ matrix.part }}}}
        run: make test PART="$PART" LIMIT={number}
"""

_YAML_HEAD: Final = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: {area}-{noun}
  labels:
    app: {noun}
    part-of: {area}
spec:
  replicas: {exit}
  template:
    spec:
      containers:
"""
_YAML_PART: Final = """        - name: {noun}-{index}
          image: registry.example.org/{area}/{noun}:1.{number}.0
          args: ["--{field}", "{limit}"]
          ports: [{{containerPort: {port}}}]
          resources: {{limits: {{memory: {limit}Mi}}}}
"""

_JS_HEAD: Final = """import {{ readFile }} from "node:fs/promises";

export const limit = {limit};
"""
_JS_PARTS: Final = (
    """
export function total{index}(items) {{
  let total = 0;
  for (const item of items) {{
    if (item.{field} < 0) {{
      throw new RangeError(`${{item.id}} has ${{item.{field}}}`);
    }}
    total += item.{field} * {number};
  }}
  return Math.min(total, limit);
}}
""",
    """
export async function read{index}(path) {{
  const text = await readFile(path, "utf8");
  const lines = text.split("\\n").filter((line) => line.length > 0);
  return lines.map((line) => JSON.parse(line)).filter((one) => one.{field});
}}
""",
)
_TS_HEAD: Final = """export interface {title} {{
  id: string;
  {field}: number;
  labels: readonly string[];
}}
"""
_TS_PARTS: Final = (
    """
export function heaviest{index}(items: readonly {title}[]): {title} | undefined {{
  let best: {title} | undefined;
  for (const item of items) {{
    if (best === undefined || item.{field} > best.{field}) {{
      best = item;
    }}
  }}
  return best;
}}
""",
    """
export class {title}Shelf{index} {{
  private readonly kept = new Map<string, {title}>();

  put(item: {title}): boolean {{
    const before = this.kept.get(item.id);
    if (before !== undefined && before.{field} >= item.{field}) {{
      return false;
    }}
    this.kept.set(item.id, item);
    return this.kept.size < {limit};
  }}
}}
""",
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
    parts = tuple(chance.sample(_PYTHON_PARTS, 2))
    names = {**_named(chance), "imports": "{imports}"}
    head = _PYTHON_HEAD.format(**names)
    told = [part.format(index=index, **names) for index, part in enumerate(parts)]
    # Two empty lines stand between what is at the top of a module.
    text = "\n".join([head, *told])
    return text.replace("{imports}", "\n".join(_imports(text)))


def _imports(text: str) -> Iterator[str]:
    used = set(re.findall(r"[A-Za-z]+(?=[.(,)\[\]:]|$)", text))
    for line, names in _IMPORTS:
        if wanted := [name for name in names if name in used]:
            yield line.format(", ".join(wanted))


def _javascript(chance: random.Random) -> str:
    return "".join(_assembled(chance, _JS_HEAD, _JS_PARTS, chance.randrange(8, 28)))


def _typescript(chance: random.Random) -> str:
    return "".join(_assembled(chance, _TS_HEAD, _TS_PARTS, chance.randrange(6, 20)))


def _script(chance: random.Random) -> str:
    rest = [part.format(index=9, **_named(chance)) for part in _SCRIPT_PARTS[1:]]
    return "".join([*_assembled(chance, _SCRIPT_HEAD, _SCRIPT_PARTS[:1], 2), *rest])


def _manifest(chance: random.Random) -> str:
    return "".join(_assembled(chance, _YAML_HEAD, (_YAML_PART,), chance.randrange(2, 12)))


def _dockerfile(chance: random.Random) -> str:
    return _DOCKERFILE.format(**_named(chance))


def _workflow(chance: random.Random) -> str:
    return _WORKFLOW.format(**_named(chance))


def _prose(chance: random.Random) -> str:
    paragraphs = []
    for number in range(chance.randrange(6, 22)):
        words = [chance.choice(_WORDS) for _ in range(chance.randrange(40, 120))]
        lines = (" ".join(words[at : at + 14]) for at in range(0, len(words), 14))
        paragraphs.append(f"## Part {number}\n\n" + "\n".join(lines) + "\n")
    return "# Notes\n\n" + "\n".join(paragraphs)


def _records(chance: random.Random) -> str:
    rows = [f'  {{"id": "{number}", "score": {chance.randrange(999)}}}' for number in range(60)]
    return "[\n" + ",\n".join(rows) + "\n]\n"
