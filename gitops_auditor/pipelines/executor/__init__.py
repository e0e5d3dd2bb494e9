"""Brings runs to the engine: in the process that is elected for it, or in one of its own."""
