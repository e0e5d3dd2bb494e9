"""The checks that answer gates, one for each kind."""
