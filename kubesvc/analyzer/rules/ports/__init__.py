"""Which container port a Service port reaches (KSV2xx)."""
