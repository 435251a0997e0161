"""One module per cause, grouped by family."""
