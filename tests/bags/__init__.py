"""Bags for tests: good ones, and one fault at a time. Made anew, never committed."""
