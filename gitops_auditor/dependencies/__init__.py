"""Dependencies: edges between repositories, found by scanning and carried with their evidence."""
