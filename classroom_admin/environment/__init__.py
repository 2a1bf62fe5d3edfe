"""Define and read the environment variables, and parse the addresses in them."""
