"""The optimizer asks a scripted provider where the sandbox isn't enough."""

from tests.generation.conftest import providers

__all__ = ["providers"]
