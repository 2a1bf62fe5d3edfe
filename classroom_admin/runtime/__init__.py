"""The ground floor: clock, environment, process supervisor, template tags. No models."""
