"""Reusable templates: jobs or stages that are written once and used with inputs.

A definition declares them under `templates`, each with `inputs` and either `jobs` or `stages`, and
uses them where jobs or stages are listed: `- template: NAME`, with values below `with`. With
`file`, the template is taken from the `templates` of another file of the repository. Templates may
use templates. All of this happens before the definition is validated; see `template_inputs` for
how values are filled in.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final, Literal, NamedTuple

from typing_extensions import override

from gitops_auditor.formats.json_positions import parse_json
from gitops_auditor.formats.nodes import (
    Document,
    Finding,
    MalformedDocument,
    Node,
    mapping,
    sequence,
    text,
)
from gitops_auditor.formats.written import inside_repository
from gitops_auditor.pipelines.source_map import SourceMap
from gitops_auditor.pipelines.template_inputs import Filling, resolve_values, script_environment

FileReader = Callable[[str], str | None]
"""The text of a file of the repository, by its path from the root; None when there is none."""

Listed = Literal["jobs", "stages"]

MAX_DEPTH: Final = 10
MAX_USES: Final = 200
MAX_FILES: Final = 20
TEMPLATE_FIELDS: Final = ("description", "inputs", "jobs", "stages")
USE_FIELDS: Final = ("template", "file", "with")


class _Template(NamedTuple):
    """Where a template is known: its name, the file it is in and what else is declared there."""

    path: str
    name: str

    @override
    def __str__(self) -> str:
        return f"`{self.name}` of {self.path}" if self.path else f"`{self.name}`"


class _Context(NamedTuple):
    """What is known where a list is written: the templates of its file, and how one got there."""

    path: str
    templates: Mapping[str, Node]
    environment: Mapping[str, Node]
    way: tuple[_Template, ...]


def expand_templates(
    root: Node, sources: SourceMap, reader: FileReader | None, findings: list[Finding]
) -> tuple[Node, frozenset[str]]:
    """The definition without templates, and the files that were read for it.

    `reader` is asked once for a file; None when there are no files to read. What is wrong is added
    to `findings`, with lines as `sources` knows them. Raises MalformedDocument when the templates
    come to too much.
    """
    expander = _Expander(sources, reader, findings)
    return expander.definition(root), frozenset(expander.files)


class _Expander:
    def __init__(
        self, sources: SourceMap, reader: FileReader | None, findings: list[Finding]
    ) -> None:
        self._sources = sources
        self._reader = reader
        self._findings = findings
        self._uses = 0
        self._filled = 0
        self.files: dict[str, Mapping[str, Node] | None] = {}

    def definition(self, root: Node) -> Node:
        fields = dict(mapping(root))
        declared = fields.pop("templates", None)
        if declared is not None and not isinstance(declared.value, dict | None):
            self._report("`templates` is a mapping of names to templates.", declared)
        context = _Context("", mapping(declared), {}, ())
        for key, listed in (("stages", "stages"), ("rollback", "jobs"), ("always", "jobs")):
            if key in fields:
                kind: Listed = "stages" if listed == "stages" else "jobs"
                fields[key] = self._list(fields[key], kind, context)
        return root._replace(value=fields)

    def _list(self, node: Node, listed: Listed, context: _Context) -> Node:
        if not isinstance(node.value, list):
            return node
        return node._replace(
            value=[one for item in node.value for one in self._item(item, listed, context)]
        )

    def _item(self, item: Node, listed: Listed, context: _Context) -> Iterator[Node]:
        fields = mapping(item)
        if "template" in fields and isinstance(fields["template"].value, str):
            yield from self._used(item, listed, context)
        elif listed == "jobs":
            yield _with_environment(item, context.environment)
        elif "jobs" in fields:
            jobs = self._list(fields["jobs"], "jobs", context)
            yield item._replace(value={**fields, "jobs": jobs})
        else:
            yield item

    def _used(self, use: Node, listed: Listed, context: _Context) -> Iterator[Node]:
        self._uses += 1
        if self._uses > MAX_USES:
            message = f"Templates are used more than {MAX_USES} times; use fewer."
            raise MalformedDocument(message, use.line, use.column)
        if not self._is_well_formed(use):
            return
        found = self._known(use, context)
        if found is not None and self._may_go_on(use, found[0], context.way):
            yield from self._body(use, listed, context, *found)

    def _is_well_formed(self, use: Node) -> bool:
        before = len(self._findings)
        for name, node in mapping(use).items():
            if name not in USE_FIELDS:
                message = f"Unknown field `{name}`; a use of a template has `with` and `file`."
                self._report(message, node)
        given = mapping(use).get("with")
        if given is not None and not isinstance(given.value, dict | None):
            self._report("`with` is a mapping of inputs to values.", given)
        return len(self._findings) == before

    def _known(self, use: Node, context: _Context) -> tuple[_Template, Mapping[str, Node]] | None:
        """The template that is meant, and those that its file declares."""
        fields = mapping(use)
        path, templates = context.path, context.templates
        if "file" in fields:
            path = text(fields["file"])
            if path not in self.files:
                self.files[path] = self._read(path, fields["file"])
            declared = self.files[path]
            if declared is None:
                return None
            templates = declared
        name = text(fields["template"])
        if name in templates:
            return _Template(path, name), templates
        near = get_close_matches(name, templates, 1)
        known = ", ".join(templates) or "none"
        hint = f"did you mean `{near[0]}`?" if near else f"declared are: {known}."
        where = f" in {path}" if path else ""
        self._report(f"There is no template `{name}`{where}; {hint}", fields["template"])
        return None

    def _may_go_on(self, use: Node, template: _Template, way: tuple[_Template, ...]) -> bool:
        steps = " uses ".join(str(one) for one in (*way, template))
        if template in way:
            self._report(f"A template uses itself: {steps}; remove one of the uses.", use)
        elif len(way) >= MAX_DEPTH:
            self._report(f"Templates are nested more than {MAX_DEPTH} deep: {steps}.", use)
        else:
            return True
        return False

    def _body(
        self,
        use: Node,
        listed: Listed,
        context: _Context,
        template: _Template,
        templates: Mapping[str, Node],
    ) -> Iterator[Node]:
        declared = templates[template.name]
        base = self._sources.add(template.path or self._sources.place(0, 0).path, use)
        declared = declared._replace(line=self._sources.original(declared.line) + base)
        if not self._is_template(declared, base, listed, template.name):
            return
        inputs = mapping(mapping(declared).get("inputs"))
        given = mapping(mapping(use).get("with"))
        placed = {name: self._placed(node, base) for name, node in inputs.items()}
        values = resolve_values(placed, given, use, self._findings)
        if values is None:
            return
        filling = Filling(values, base, self._findings, self._filled)
        body = filling.fill(mapping(declared)[listed])
        self._filled = filling.size
        way = (*context.way, template)
        inner = _Context(template.path, templates, script_environment(values), way)
        yield from sequence(self._list(body, listed, inner))

    def _placed(self, node: Node, base: int) -> Node:
        return node._replace(line=self._sources.original(node.line) + base)

    def _is_template(self, declared: Node, base: int, listed: Listed, name: str) -> bool:
        before = len(self._findings)
        fields = mapping(declared)
        for key in (key for key in fields if key not in TEMPLATE_FIELDS):
            message = f"Unknown field `{key}`; a template has {', '.join(TEMPLATE_FIELDS)}."
            self._report(message, self._placed(fields[key], base))
        inputs = fields.get("inputs", declared)
        if "inputs" in fields and not isinstance(inputs.value, dict | None):
            self._report("`inputs` is a mapping of names to inputs.", self._placed(inputs, base))
        other = "jobs" if listed == "stages" else "stages"
        if listed in fields and other in fields:
            self._report(f"The template `{name}` has jobs and stages; keep one.", declared)
        elif other in fields:
            message = f"`{name}` is a template of {other}; use it where {other} are listed."
            self._report(message, declared)
        elif not sequence(fields.get(listed)):
            self._report(f"The template `{name}` has no list of {listed}; add one.", declared)
        return len(self._findings) == before

    def _read(self, path: str, use: Node) -> Mapping[str, Node] | None:
        """The templates that a file declares; None, and a finding, where there are none."""
        problem = _objection(path, len(self.files))
        content = self._reader(path) if self._reader is not None and not problem else None
        if self._reader is None:
            problem = problem or "Templates of files are known only to a pipeline of a repository."
        if content is None:
            self._report(problem or f"There is no file {path} in the repository.", use)
            return None
        base = self._sources.add(path, use)
        try:
            document = _document(content, path)
        except MalformedDocument as error:
            self._findings.append(Finding(error.message, error.line + base, error.column))
            return None
        self._findings += (one._replace(line=one.line + base) for one in document.findings)
        declared = mapping(mapping(document.root).get("templates"))
        if not declared:
            message = f"{path} declares no templates; write them below `templates:`."
            self._findings.append(Finding(message, 1 + base, 1))
        return declared or None

    def _report(self, message: str, node: Node) -> None:
        self._findings.append(Finding(message, node.line, node.column))


def _with_environment(job: Node, variables: Mapping[str, Node]) -> Node:
    """The job with the inputs of its template in `env`, when it has a script."""
    fields = mapping(job)
    key, first = next(iter(fields.items()), ("", job))
    if len(fields) == 1 and isinstance(first.value, dict):
        return job._replace(value={key: _with_environment_in(first, variables)})
    return _with_environment_in(job, variables)


def _with_environment_in(body: Node, variables: Mapping[str, Node]) -> Node:
    fields = mapping(body)
    own = fields.get("env", Node({}, body.line, body.column))
    if not variables or "script" not in fields or not isinstance(own.value, dict):
        return body
    return body._replace(value={**fields, "env": own._replace(value={**variables, **own.value})})


def _objection(path: str, files: int) -> str:
    if files >= MAX_FILES:
        return f"Templates come from more than {MAX_FILES} files; use fewer."
    try:
        inside_repository(path)
    except ValueError as error:
        return str(error)
    return ""


def _document(content: str, path: str) -> Document:
    if path.endswith(".json"):
        return parse_json(content)
    # Most commands read no definition, and do without the YAML library.
    from gitops_auditor.formats.yaml_positions import parse_yaml  # noqa: PLC0415 - see above

    documents = parse_yaml(content)
    if len(documents) != 1:
        raise MalformedDocument("A file of templates is one document with `templates:`.", 1, 1)
    return documents[0]
