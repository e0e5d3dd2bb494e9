"""Makes lock files anew after manifests were edited, each with its ecosystem's own tool."""
