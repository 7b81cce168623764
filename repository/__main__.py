"""`python -m repository` is `jingui`."""

from repository.cli import main

main()
