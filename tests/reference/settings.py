"""settings.md: every variable of the environment."""

from pydantic import SecretStr

from gitops_auditor.cli.config import effective
from gitops_auditor.config import Settings, variable_of
from tests.reference.markdown import code, page, table

INTRODUCTION = """\
Settings are variables of the environment, or lines of the file that `GITOPS_ENV_FILE` names; the
environment wins. A value that is not understood, or an unknown variable that begins with `GITOPS_`,
stops the start and names itself. `gitops-auditor config show` prints the values in effect."""
OF_THIS_MACHINE = {"GITOPS_DATA_DIR": "the platform's data folder"}


def settings_page() -> str:
    """The page."""
    defaults = effective(Settings())
    rows = [
        (code(variable), _default(variable, shown), f"{_values(variable)}{sentence}")
        for variable, (shown, sentence) in defaults.items()
    ]
    return page("Settings", INTRODUCTION, table(("variable", "default", "meaning"), rows))


def _default(variable: str, shown: str) -> str:
    return OF_THIS_MACHINE.get(variable) or code(shown)


def _values(variable: str) -> str:
    fields = {variable_of(field): field for field in Settings.model_fields.values()}
    annotation = fields[variable].annotation
    if annotation is SecretStr:
        return "Secret. "
    values = getattr(annotation, "__args__", ())
    if not values or not all(isinstance(value, str) for value in values):
        return ""
    return f"One of {', '.join(map(code, values))}. "
