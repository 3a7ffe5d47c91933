"""The product with one app more: all that this takes besides a line for import-linter."""

from config.settings.test import *  # noqa: F403, TID251

INSTALLED_APPS += ["tests.support.toy"]  # noqa: F405
ROOT_URLCONF = "tests.support.toy.urls"
