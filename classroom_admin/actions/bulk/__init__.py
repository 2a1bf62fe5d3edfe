"""One command for many classes: planned, shown before, carried out one by one, each on record by itself."""
