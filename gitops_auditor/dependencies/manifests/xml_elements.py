"""XML with line numbers and without entities, so that no document can grow while it is read."""

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

_MAX_DEPTH: Final = 64  # a POM needs ten


@dataclass(slots=True)
class Element:
    """One element: its local name, the line of its start tag, its text and its children."""

    tag: str
    line: int
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The character data directly inside, without surrounding space."""
        return "".join(self.pieces).strip()

    def child(self, tag: str) -> "Element | None":
        """The first child of that name."""
        return next((item for item in self.children if item.tag == tag), None)

    def text_of(self, tag: str) -> str:
        """The text of the first child of that name, empty when there is none."""
        found = self.child(tag)
        return found.text if found is not None else ""


class XmlError(ValueError):
    """Not well-formed, too deep, or it declares entities; `line` and `column` are 1-based."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


def parse_elements(content: bytes) -> Element:
    """The root element of a document. Raises XmlError."""
    return _Builder().parse(content)


class _Builder:
    def __init__(self) -> None:
        self._document = Element("", 0)
        self._open = [self._document]
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse_entity

    def parse(self, content: bytes) -> Element:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            message = expat.ErrorString(error.code) or "not XML"
            raise XmlError(message, error.lineno, error.offset + 1) from error
        return self._document.children[0]

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        line = self._parser.CurrentLineNumber
        if len(self._open) > _MAX_DEPTH:
            raise XmlError(f"more than {_MAX_DEPTH} levels deep", line, 1)
        element = Element(tag.rpartition(":")[2], line)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _characters(self, data: str) -> None:
        self._open[-1].pieces.append(data)

    def _refuse_entity(self, *_details: object) -> None:
        line = self._parser.CurrentLineNumber
        raise XmlError("entity declarations are not read", line, 1)
