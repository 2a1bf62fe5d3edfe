"""The pages on which students join a class, and the page with the links and settings for it."""
