"""What the EndpointSlices hold (KSV4xx)."""
