"""Real servers and a proxy that breaks things, for tests."""
