"""Care for the copies, accounts and the system."""
