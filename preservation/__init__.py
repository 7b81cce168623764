"""preservation judges bytes and never moves them on its own."""
