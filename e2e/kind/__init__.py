"""Clusters of kind for tests, with an engine and images from outside where there are any, and without.

`engine` finds or starts the container engine, `node_image` makes the image of a node where none can be
had, `cluster` is the provider. Whatever happens to the process that asked for a cluster, `undo` takes back
what was done to the machine.
"""
