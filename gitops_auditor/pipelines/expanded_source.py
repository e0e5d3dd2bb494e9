"""One text that says all of a definition, also where it uses templates of other files."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import yaml

from gitops_auditor.pipelines.definition import InvalidDefinition, expanded_tree
from gitops_auditor.pipelines.reuse import FileReader


def expand_source(text: str, reader: FileReader | None, path: str = "") -> str:
    """The text to keep of a definition, so that what a run executed can be read again later.

    Without templates of other files it is the text itself, byte for byte: templates of its own are
    in it, and expanding them again gives the same. Else it is the definition with every template
    filled in, as JSON where the text is JSON and as YAML elsewhere; comments are lost. Reading the
    result needs no reader and gives the same model. Raises InvalidDefinition for templates that
    cannot be filled in; other mistakes are found when the result is read.
    """
    tree, files = expanded_tree(text, path, reader)
    if not files:
        return text
    if path.endswith(".json") or text.lstrip().startswith("{"):
        return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


def missing_files(text: str, known: Mapping[str, str | None], path: str = "") -> frozenset[str]:
    """The files that the templates of a definition are taken from and that are not known yet.

    For whoever reads files without blocking: read these, None for one that there is not, add them
    to `known` and ask again until nothing is missing; then `known.get` is the reader. Empty for a
    definition that cannot be read at all.
    """
    missing: set[str] = set()

    def reader(wanted: str) -> str | None:
        if wanted not in known:
            missing.add(wanted)
        return known.get(wanted)

    with suppress(InvalidDefinition):
        expanded_tree(text, path, reader)
    return frozenset(missing)


class _Dumper(yaml.SafeDumper):
    """Writes several lines as a block, so that a script stays readable."""


def _text(dumper: yaml.SafeDumper, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
