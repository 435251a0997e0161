"""Turns a report into text: one module per output format."""
