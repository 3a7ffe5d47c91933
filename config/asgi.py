"""The door under uvicorn: event streams in production, everything on one development machine."""

from django.core.asgi import get_asgi_application

from config.api.bodies import AsgiBodies
from config.env import choose_settings
from config.startup import announce, keep_loaded, load_addresses

choose_settings("config.settings.prod")

application = AsgiBodies(get_asgi_application())
load_addresses()
keep_loaded()
announce("stream")
