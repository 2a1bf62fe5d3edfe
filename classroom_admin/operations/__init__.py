"""Management commands and health probes for system administrators."""
