"""Why selected pods do not serve (KSV3xx)."""
