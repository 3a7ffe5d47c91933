"""The product's settings, with the plain endpoints in the product's place."""

from benchmarks.settings import *  # noqa: F403 — settings modules build on each other

ROOT_URLCONF = "benchmarks.plain.urls"
