"""Makes the commit that a change comes to in a repository, before anything is published."""
