"""The archivist's and the depositor's desk."""
