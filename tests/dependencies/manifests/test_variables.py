import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_auditor.dependencies.manifests.variables import expand

VALUES = {"A": "1", "EMPTY": "", "NAME": "app"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("$A", "1"),
        ("${A}", "1"),
        ("x${NAME}y", "xappy"),
        ("$NAME:$A", "app:1"),
        ("${B:-2}", "2"),
        ("${EMPTY:-2}", "2"),
        ("${EMPTY-2}", ""),
        ("${B-${A}}", "1"),
        ("${B:-${C:-deep}}", "deep"),
        ("${A:+set}", "set"),
        ("${B:+set}", ""),
        ("$$A", "$A"),
        ("$B", "$B"),
        ("${B}", "${B}"),
        ("${B:?needed}", "${B:?needed}"),
        ("${A:?needed}", "1"),
        ("${A%suffix}", "${A%suffix}"),
        ("${unclosed", "${unclosed"),
        ("cost $5", "cost $5"),
        ("end$", "end$"),
    ],
)
def test_variables_are_replaced_as_compose_and_docker_do(text: str, expanded: str) -> None:
    assert expand(text, VALUES) == expanded


@given(st.text(alphabet="${}:-AB+?x", max_size=40))
def test_any_text_expands_without_end_and_without_error(text: str) -> None:
    assert isinstance(expand(text, {"A": "1"}), str)


def test_deep_nesting_stops() -> None:
    nested = "${X:-" * 100 + "end" + "}" * 100
    assert isinstance(expand(nested, {}), str)
