"""The MCP servers that the platform calls: configured by its operator, connected when needed.

A server that is a program runs as the platform's own user and outside the sandbox of jobs. That is
why servers are configured in the platform's own file only, never by a repository.
"""
