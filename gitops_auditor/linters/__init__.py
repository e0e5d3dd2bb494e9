"""The bundled linters and scanners, and the MCP servers that offer them."""
