"""Read the environment variables: their types, defaults and meanings, and the addresses in them."""
