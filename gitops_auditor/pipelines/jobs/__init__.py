"""The kinds of jobs that run on this machine, and what each start of one needs."""
