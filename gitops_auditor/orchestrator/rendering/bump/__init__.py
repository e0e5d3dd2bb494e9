"""Raises what the manifests of a repository ask of one dependency, and keeps every other byte."""
