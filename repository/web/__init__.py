"""The pages: parse, guard, one verb or query, render."""
