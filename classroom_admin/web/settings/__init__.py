"""Pages for administrators: the connection to the cloud, the event sync and the audit log."""
