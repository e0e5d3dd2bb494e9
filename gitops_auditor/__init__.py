"""GitOps Auditor: a DevOps platform for many git repositories and the agents that work for them."""

__version__ = "2.0.0"
