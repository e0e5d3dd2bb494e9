import pytest

from gitops_auditor.errors import InvalidSetting
from gitops_auditor.storage.urls import parse_url


@pytest.mark.parametrize(
    ("url", "driver", "dialect"),
    [
        ("sqlite:////data/a.db", "sqlite+aiosqlite", "sqlite"),
        ("postgres://u@h/d", "postgresql+psycopg", "postgresql"),
        ("postgresql://u:p@h:5433/d?sslmode=require", "postgresql+psycopg", "postgresql"),
    ],
)
def test_usual_urls_get_our_driver(url: str, driver: str, dialect: str) -> None:
    parsed, found = parse_url(url)
    assert (parsed.drivername, found) == (driver, dialect)


@pytest.mark.parametrize(
    "url", ["mysql://u:secret@h/d", "nonsense", "", "postgresql://u:secret@h:port/d", "sqlite://"]
)
def test_anything_else_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        parse_url(url)
    assert "DATABASE_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
