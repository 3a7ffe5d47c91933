"""Pure parts of the engine: states, prices, backoff."""
