"""Writes YAML that reads back equal: keys in order, long texts as blocks, `on` in quotes."""

from typing import Any

from typing_extensions import override

from gitops_auditor.errors import JsonValue

Mapping = dict[str, JsonValue]


def to_yaml(document: Mapping) -> str:
    """The document as YAML text that ends with a newline."""
    import yaml  # noqa: PLC0415 - only conversions need it, and the start of a session is measured

    class Dumper(yaml.SafeDumper):
        @override
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump(
        document, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return written
