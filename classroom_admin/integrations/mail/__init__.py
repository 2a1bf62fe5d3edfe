"""Mails that people get by choice: a weekly summary, new recordings, and alerts of their own classes."""
