"""How long data is kept, and what is done if a person asks for their data or wants it erased."""
