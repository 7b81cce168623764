"""Pages about oneself: set up, sign in, password, language."""
