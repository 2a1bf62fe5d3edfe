"""Pages where administrators manage the people who may sign in, and the classes assigned to them."""
