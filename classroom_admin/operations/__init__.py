"""What a system administrator calls: management commands and probes."""
