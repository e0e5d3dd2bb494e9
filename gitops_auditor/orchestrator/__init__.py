"""Plans over many repositories: made, approved, executed phase by phase, and undone."""
