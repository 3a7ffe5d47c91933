"""Django's backend for SQLite: a file that only its owner may read, and a second try for the write lock."""
