"""The pages under docs/reference, written from what the program declares."""
