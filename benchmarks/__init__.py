"""Side-by-side measurements against kubectl and other inspectors."""
