"""One command for many classes, as pages: choose, see what will happen, follow it, try again what failed."""
