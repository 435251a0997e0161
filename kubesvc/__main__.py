"""Runs kubesvc as `python -m kubesvc`."""

from kubesvc.cli.app import main

if __name__ == "__main__":
    main()
