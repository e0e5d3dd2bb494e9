"""Where a running server answers, told on the terminal."""

import typer


def show_addresses(base: str) -> None:
    """Print the addresses of a server whose base address is `base`, for example http://127.0.0.1:3070."""
    live = base.replace("http", "ws", 1)
    typer.echo(f"Serving on {base} (Ctrl+C stops it)")
    for label, address in (
        ("MCP", f"{base}/mcp"),
        ("REST", f"{base}/api"),
        ("OpenAPI", f"{base}/api/openapi.json"),
        ("WebSocket", f"{live}/ws"),
    ):
        typer.echo(f"  {label:<10} {address}")
