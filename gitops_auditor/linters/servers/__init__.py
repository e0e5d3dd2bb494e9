"""The MCP servers `code-linter` and `security-scanner`, over standard input and output."""
