"""What we know of the classes: read models that only the fold writes, and how to read them."""
