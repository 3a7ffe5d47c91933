"""The door under uvicorn: event streams in production, everything on one development machine."""

import os

from django.core.asgi import get_asgi_application

from config.api.bodies import AsgiBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = AsgiBodies(get_asgi_application())
