"""The command line: arguments in, exit status out, everything else wired together."""
