"""Files kept on a file-system server that speaks MCP."""
