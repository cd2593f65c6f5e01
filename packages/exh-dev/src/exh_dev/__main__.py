"""`python -m exh_dev`: the command `exh-dev`."""

from exh_dev.cli.main import main

main()
