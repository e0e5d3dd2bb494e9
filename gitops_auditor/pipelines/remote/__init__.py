"""Brings runs to the machines that carry them out, over PostgreSQL.

Procrastinate's queue only carries messages: "this run may be taken". Who carries a run out is
decided by the claim on the run, so a message that is lost, late or there twice does no harm.
"""
