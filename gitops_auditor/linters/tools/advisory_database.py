"""Where a local database of advisories is, for machines that reach none on the network."""

from typing import Final

HOW_TO_SET: Final = (
    "Without a network, GITOPS_ADVISORY_DATABASE names a file or folder of advisories in the OSV"
    " format."
)
