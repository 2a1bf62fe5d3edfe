"""What every layer uses: clock, ids, text, JSON. No models."""
