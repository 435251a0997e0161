"""Tests of the built wheel against a real Kubernetes control plane."""
