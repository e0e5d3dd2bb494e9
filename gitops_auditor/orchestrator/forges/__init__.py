"""Where changes are published: branches, pull requests, statuses, workflows."""
