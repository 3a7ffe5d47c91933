"""The language that a person has chosen at the top of the admin's pages."""

from django.conf import settings
from django.test import Client


def speak(client: Client, language: str) -> Client:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans" if language.lower().startswith("zh") else "en"
    return client
