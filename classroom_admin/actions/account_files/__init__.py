"""Import files with teachers, administrators and other people who sign in, and write such files."""
