"""The audit log: every command and every change of an account. Records are only added."""
