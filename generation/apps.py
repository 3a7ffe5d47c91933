"""Generation: the engine room. Jobs, events, provider adapters and the ledger of paid calls."""

from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "generation"
