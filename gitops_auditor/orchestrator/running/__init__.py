"""Carries plans out: one process at a time, resumable after each step."""
