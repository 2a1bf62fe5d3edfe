"""The audit log of commands, account changes and other actions. Records can only be added."""
