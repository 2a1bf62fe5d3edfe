"""Pages for administrators: people who may sign in, and the classes assigned to them."""
