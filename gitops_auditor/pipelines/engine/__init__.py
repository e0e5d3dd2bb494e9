"""Carries out one run: resumable, journalled, cancellable."""
