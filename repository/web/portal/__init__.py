"""Pages of one's own: first set-up, signing in, account, language."""
