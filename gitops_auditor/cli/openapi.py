"""`gitops-auditor openapi`: the description of the REST API."""

from pathlib import Path

import typer

from gitops_auditor.cli.terminal import print_json_value, write_file


def command(
    output: Path | None = typer.Option(
        None, "--output", "-o", help="File to write instead of printing."
    ),
) -> None:
    """Print the OpenAPI 3.1 document of the REST API."""
    from gitops_auditor.http_api.openapi import openapi_document
    from gitops_auditor.tools import full_catalog

    document = openapi_document(full_catalog())
    if output is None:
        print_json_value(document)
        return
    import json

    write_file(output, json.dumps(document, indent=2) + "\n")
