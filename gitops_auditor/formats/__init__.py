"""Readers of the formats manifests are written in, with the line and column of every key.

All of them are safe on hostile input: nesting, size and alias expansion are bounded, and whatever
cannot be read raises `MalformedDocument`, never anything else.
"""
