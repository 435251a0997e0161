"""Plausible mistakes in kubesvc/semantics, and whether the fast tests see them. `make mutants` runs them."""
