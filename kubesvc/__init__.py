"""kubesvc: why a Kubernetes Service gets traffic or not, and what to change."""

__version__ = "0.1.0.dev0"
