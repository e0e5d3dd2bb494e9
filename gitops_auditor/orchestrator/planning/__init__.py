"""Makes plans: which repositories, in which order, with which diffs, at which risk."""
