"""Endpoints of jobs, their events, the queues, the catalogue of models, and usage."""
