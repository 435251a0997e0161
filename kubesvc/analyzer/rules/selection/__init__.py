"""Which pods a Service selects (KSV1xx)."""
