"""What a plan does outside of the platform, a kind of step each, and how each is undone."""
