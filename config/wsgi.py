"""The API's door under gunicorn (threads). Streams have their own process: config.asgi."""

from django.core.wsgi import get_wsgi_application

from config.api.bodies import WsgiBodies
from config.env import choose_settings
from config.startup import announce, keep_loaded, load_addresses

choose_settings("config.settings.prod")

application = WsgiBodies(get_wsgi_application())
load_addresses()
keep_loaded()
announce("web")
