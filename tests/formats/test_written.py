from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gitops_auditor.formats.written import Duration, Percent, Tolerance


@pytest.mark.parametrize("field", [Duration, Percent, Tolerance])
@pytest.mark.parametrize("value", [True, False])
def test_a_truth_is_no_number(field: Any, value: bool) -> None:
    with pytest.raises(ValidationError, match="true or false is none"):
        TypeAdapter(field).validate_python(value)
