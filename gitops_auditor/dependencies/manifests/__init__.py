"""Manifests: one module an ecosystem, each a pure function from one file to what it says.

A reader never opens another file, never runs anything and never raises for bad content: what it
cannot read becomes a `Problem`. `readers` lists them.
"""
