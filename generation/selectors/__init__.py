"""Reads about jobs: who may see what, what is new behind a cursor, how the queues are doing."""
