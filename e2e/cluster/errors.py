"""What can go wrong with a test cluster; every message is one line for the person who started it.

ClusterError
├── BuildError        the parts could not be built
│   └── ToolchainError    Go or a container engine is missing, or too old: a reason to skip, not a failure
├── StartError        a component did not come up; names the folder that holds its log
├── ProviderError     no cluster may be used as asked: unknown provider, unmarked cluster
└── AwaitError        a condition did not come true in time
"""

from __future__ import annotations


class ClusterError(Exception):
    """The root of all errors of this package."""


class BuildError(ClusterError):
    """The control plane could not be built from its Go modules."""


class ToolchainError(BuildError):
    """Go is missing or too old for the parts that are not built yet, or no container engine answers."""


class StartError(ClusterError):
    """A component of the local control plane did not start, or died."""


class ProviderError(ClusterError):
    """The cluster asked for is unknown, or is not ours to use."""


class AwaitError(ClusterError):
    """A condition was still false when its time was up."""
