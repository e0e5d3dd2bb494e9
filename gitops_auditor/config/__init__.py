"""Every setting once: its variable, its default and a sentence. The environment is read here only.

`load_settings` takes the values of an optional environment file; the process environment wins.
A value that is not understood, or an unknown `GITOPS_` variable, stops the start and names itself.
"""

from gitops_auditor.config.loading import load_settings
from gitops_auditor.config.settings import VARIABLES, Settings, variable_of

__all__ = ["VARIABLES", "Settings", "load_settings", "variable_of"]
