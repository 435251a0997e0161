"""What the analysis itself has to say (KSV9xx)."""
