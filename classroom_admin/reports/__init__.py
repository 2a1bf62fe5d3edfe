"""Reports on classes: who attended, and how complete the evidence is."""
