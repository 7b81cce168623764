"""The nouns: rows with their facts and invariants, nothing else."""
