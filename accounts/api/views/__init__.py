"""What the API of accounts answers."""
