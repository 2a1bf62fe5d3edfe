"""The pages under /reports/: what happened in classes that are over."""
