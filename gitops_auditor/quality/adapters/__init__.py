"""One way to ask any linter: in this process, or by MCP, whoever made it."""
