"""Tables of pipelines and their runs, in and out."""
