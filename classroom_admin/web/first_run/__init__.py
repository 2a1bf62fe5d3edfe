"""The first-run page: create the first administrator, test the connection, and invite a teacher."""
