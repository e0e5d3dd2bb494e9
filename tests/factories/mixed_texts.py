"""What the files of the repository in many languages are put together from."""

from typing import Final

PYTHON_HEAD: Final = '''"""Keeps every {noun} of {area}, and says what they amount to."""

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

IMPORTS: Final = (
    ("import json", ("json",)),
    ("import logging", ("logging",)),
    ("from collections import {}", ("defaultdict",)),
    ("from collections.abc import {}", ("Iterable", "Iterator")),
    ("from dataclasses import {}", ("dataclass", "field")),
    ("from pathlib import {}", ("Path",)),
)
PYTHON_PARTS: Final = (
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

SCRIPT_HEAD: Final = """#!/usr/bin/env bash
set -euo pipefail

target="${{1:-build/{area}}}"
limit="${{LIMIT:-{limit}}}"

say() {{
  printf '%s\\n' "$*" >&2
}}
"""

SCRIPT_PARTS: Final = (
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

DOCKERFILE: Final = """FROM python:3.13-slim AS {area}
WORKDIR /srv/{noun}
COPY requirements.txt ./
RUN pip install --no-cache-dir --requirement requirements.txt \\
    && useradd --system --uid {uid} {noun}
COPY . .
USER {uid}
EXPOSE {port}
CMD ["python", "-m", "{area}.{noun}"]
"""

WORKFLOW: Final = """name: {area} {noun}
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

YAML_HEAD: Final = """apiVersion: apps/v1
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
YAML_PART: Final = """        - name: {noun}-{index}
          image: registry.example.org/{area}/{noun}:1.{number}.0
          args: ["--{field}", "{limit}"]
          ports: [{{containerPort: {port}}}]
          resources: {{limits: {{memory: {limit}Mi}}}}
"""

JS_HEAD: Final = """import {{ readFile }} from "node:fs/promises";

export const limit = {limit};
"""
JS_PARTS: Final = (
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
TS_HEAD: Final = """export interface {title} {{
  id: string;
  {field}: number;
  labels: readonly string[];
}}
"""
TS_PARTS: Final = (
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
