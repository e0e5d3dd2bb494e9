"""Runs the processes of jobs, confined and limited; masks, caches and collects for them."""
