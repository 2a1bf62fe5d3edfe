"""What every package uses: clock, ids, texts, chunks. No models."""
