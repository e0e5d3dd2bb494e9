"""Versions that a POM takes from a property of a POM in a folder above. Pure.

Maven hands the properties of a parent down (POM reference, "Inheritance"); a parent is looked for
in the folder above, which is the default of `relativePath`.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gitops_auditor.dependencies.manifests.maven import version_kind
from gitops_auditor.dependencies.manifests.xml_elements import XmlError, parse_elements
from gitops_auditor.dependencies.models import ConstraintKind, Declaration
from gitops_auditor.orchestrator.failures import WorkFailed
from gitops_auditor.orchestrator.rendering.bump.constraints import target
from gitops_auditor.orchestrator.rendering.bump.manifest_edits import Declared, Raised

POM: Final = "pom.xml"

_REFERENCE: Final = re.compile(r"\$\{([\w.-]+)\}")


def inherited(found: Sequence[Declared]) -> dict[Declared, str]:
    """The property that each declaration of a POM takes its version from, where the POM itself
    does not define it.
    """
    return {
        one: name[1]
        for one in found
        if posixpath.basename(one.file) == POM
        and one.declaration.constraint_kind is ConstraintKind.DYNAMIC
        and (name := _REFERENCE.fullmatch(one.declaration.constraint))
    }


def with_properties(
    raised: Raised, taken: Mapping[Declared, str], poms: Mapping[str, bytes], version: str
) -> Raised:
    """`raised` with the properties raised as well, where one of `poms` above defines them once.

    Raises WorkFailed as `raise_all`.
    """
    files, notes = dict(raised.files), list(raised.notes)
    for one, name in taken.items():
        for path in _above(one.file):
            content = files.get(path, poms.get(path, b""))
            edited = _edited(path, content, one.declaration, name, version)
            if edited is not None:
                if edited != content:
                    files[path] = edited
                notes.append(f"{one.place}: {one.declaration.name} follows {name} of {path}.")
                break
    return raised._replace(files=files, notes=tuple(dict.fromkeys(notes)))


def _above(path: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    while folder:
        folder = posixpath.dirname(folder)
        yield posixpath.join(folder, POM)


def _edited(
    path: str, content: bytes, declaration: Declaration, name: str, version: str
) -> bytes | None:
    """The POM with the property raised; None when it does not define it exactly once."""
    now = _value(content, name)
    tag = re.escape(name.encode())
    places = [*re.finditer(rb"<%b\s*>\s*(?P<value>[^<]*?)\s*</%b\s*>" % (tag, tag), content)]
    if not now or len(places) != 1:
        return None
    stated = declaration._replace(constraint=now, constraint_kind=version_kind(now))
    try:
        new = target(stated, version).constraint
    except WorkFailed as error:
        message = f"{path}: {name} of {declaration.name}: {error.message}"
        raise WorkFailed(message, hint=error.hint) from error
    start, end = places[0].span("value")
    edited = content[:start] + new.encode() + content[end:]
    return edited if _value(edited, name) == new else None


def _value(content: bytes, name: str) -> str:
    try:
        declared = parse_elements(content).child("properties")
    except XmlError:
        return ""
    return declared.text_of(name) if declared is not None else ""
