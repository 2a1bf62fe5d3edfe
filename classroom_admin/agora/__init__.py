"""The cloud's client: one typed method for each call. Plain Python, without Django and without Celery."""
