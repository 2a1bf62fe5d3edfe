"""The processes of an installation, their supervisor, and the embedded broker."""
