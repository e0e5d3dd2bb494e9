"""The checks that answer gates."""
