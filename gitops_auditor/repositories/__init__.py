"""The repositories that the platform knows, and the only way it touches git."""
