"""What Kubernetes components would do, repeated on paper: one module per component."""
