"""Accounts of people who sign in, with their roles and cloud user ids."""
