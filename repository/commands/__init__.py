"""What `jingui SUBCOMMAND` does: one room per kind of work."""
