"""The audit log of commands, account changes and other actions. Code can only add records."""
