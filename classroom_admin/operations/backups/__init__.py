"""Back up a whole installation into one tar, verify the tar, and restore it into an empty place."""
