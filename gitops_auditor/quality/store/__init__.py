"""Gates, what they said, and what it is compared with, in the database."""
