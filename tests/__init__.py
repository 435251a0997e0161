"""Everything that runs without a cluster and without a network."""
