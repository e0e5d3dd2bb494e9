"""Rows of plans, their phases, steps, ledger and approvals."""
