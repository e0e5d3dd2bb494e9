"""Repositories on GitHub: through its MCP server, and over REST where that has no tool."""
