"""Live texts have a Valkey."""

from tests.support.valkey import valkey, valkey_server

__all__ = ["valkey", "valkey_server"]
