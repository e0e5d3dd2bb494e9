"""The processes that stand between the executor and a job.

A fork server forks one supervisor a job; the supervisor owns the job's whole process tree. These
modules import the standard library only, since the fork server starts without site packages: that
keeps it small, and so keeps a fork cheap.
"""
