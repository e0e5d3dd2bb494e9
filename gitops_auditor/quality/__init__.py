"""Quality gates: what may go on, with evidence."""
