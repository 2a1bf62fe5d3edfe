"""Quizzes and polls: live bars, who answered what, and who has not."""
