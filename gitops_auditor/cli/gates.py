"""`gitops-auditor gates`: ask quality gates, look at what they said, sign what they demand."""

import typer

from gitops_auditor.cli import gates_baselines, gates_hook, gates_signing
from gitops_auditor.cli.gates_looking import explain, list_gates, override, show
from gitops_auditor.cli.gates_running import run

app = typer.Typer(help="Quality gates: whether a commit may go on.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Quality gates: whether a commit may go on, and what to do when it may not."""


app.command("run")(run)
app.command("list")(list_gates)
app.command("show")(show)
app.command("explain")(explain)
app.command("override")(override)
app.add_typer(gates_baselines.app, name="baselines")
app.add_typer(gates_hook.app, name="hook")
app.command("sign")(gates_signing.sign)
app.command("verify")(gates_signing.verify)
app.add_typer(gates_signing.keys, name="keys")
