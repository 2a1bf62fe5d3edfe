"""What we know of the classes: read models that only the projector writes, and how to read them."""
