"""The rules, one file a cause, in families. They do not import each other."""
