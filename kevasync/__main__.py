"""Lets `python -m kevasync` run the command line."""

from kevasync.cli.main import main

if __name__ == "__main__":
    main()
