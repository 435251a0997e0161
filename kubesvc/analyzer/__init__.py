"""Turns a snapshot into a report: pure, without clock or I/O."""
