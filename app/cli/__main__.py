"""`python -m app.cli`, the same as `steplens`."""

from app.cli.main import main

main()
