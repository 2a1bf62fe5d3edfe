"""People who sign in, their roles and their cloud user ids."""
