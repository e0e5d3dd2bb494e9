"""Where two domains need each other: each says what it needs, and here it is handed over."""
