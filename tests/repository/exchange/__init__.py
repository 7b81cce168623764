"""What leaves the archive and what comes in."""
