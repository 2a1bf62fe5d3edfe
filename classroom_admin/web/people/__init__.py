"""Pages for administrators: who may sign in, and whose the classes are."""
