"""Pages for administrators: the connection to the cloud, and what was done."""
