"""The API's door under gunicorn (threads). Streams have their own process: config.asgi."""

import os

from django.core.wsgi import get_wsgi_application

from config.api.bodies import WsgiBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.prod")

application = WsgiBodies(get_wsgi_application())
