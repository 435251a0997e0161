"""Bundled cases, recorded from a real API server."""
