"""Tests of reading class list files."""
