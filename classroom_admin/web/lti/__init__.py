"""Pages of LTI: launches from learning platforms, the choice of a class, and the platforms' settings."""
