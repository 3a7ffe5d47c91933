"""A program that tells what it knows of its environment."""

import os

if __name__ == "__main__":
    print(*os.environ)  # noqa: T201
