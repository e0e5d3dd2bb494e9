from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gitops_auditor.formats.model_findings import model_findings, plain
from gitops_auditor.formats.nodes import Finding
from gitops_auditor.formats.yaml_positions import parse_yaml


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Circle(Strict):
    type: Literal["circle"] = "circle"
    radius: float


class Note(Strict):
    type: Literal["short", "long"] = "short"
    words: Annotated[tuple[str, ...], Field(min_length=1)] = ("none",)


class Square(Strict):
    type: Literal["square"] = "square"
    side: float


class Drawing(Strict):
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="type")], ...] = ()
    note: Note | None = None


def found(text: str, known: tuple[Finding, ...] = ()) -> list[tuple[str, int, int]]:
    root = parse_yaml(text)[0].root
    with pytest.raises(ValidationError) as caught:
        Drawing.model_validate(plain(root))
    findings = model_findings(caught.value, root, Drawing, {"remark": "note"}, known)
    return [(one.message, one.line, one.column) for one in findings]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("shapes:\n- {type: circle, radious: 1, radius: 1}", 2, "did you mean `radius`?"),
        ("shapes:\n- {type: square, x: 1, side: 1}", 2, "`x`; known are side."),
        ("shapes:\n- {type: circle}", 2, "`radius` is missing; add it."),
        ("note: {tpye: long}", 1, "did you mean `type`?"),
        ("note: {words: []}", 1, "`words` is empty; add at least one."),
        ("note: {words: [3]}", 1, "`words` has to be text, not 3."),
        ("note: {type: lnog}", 1, "did you mean long"),
        ("remrk: x", 1, "did you mean `remark`?"),
        ("shapes: 3", 1, "`shapes` has to be a list, not 3."),
    ],
)
def test_a_mistake_is_named_once_with_what_to_do(text: str, line: int, message: str) -> None:
    ((words, place, _),) = found(text)
    assert message in words
    assert place == line


def test_what_is_inside_of_a_value_that_was_reported_is_not_reported_again() -> None:
    text = "shapes:\n- {type: circle}\nnote: {words: 3}\n"
    whole = found(text)
    assert [line for _, line, _ in whole] == [2, 3]
    assert found(text, (Finding("No shapes here.", *whole[0][1:]),)) == whole[1:]
