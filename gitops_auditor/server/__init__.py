"""The catalog over MCP: tools, resources, prompts, notifications; stdio and streamable HTTP."""
