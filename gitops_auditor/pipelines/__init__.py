"""Pipelines: how a definition is read, ordered and resolved, and how a run of it may change state.

Everything here is pure: text and facts in, values out.
"""
