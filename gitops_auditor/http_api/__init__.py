"""The REST adapter: the operation catalog over HTTP, live events, the mount of MCP."""
