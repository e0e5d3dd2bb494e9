"""Signatures on the definitions of gates: who may say what a gate demands, and nothing older."""
