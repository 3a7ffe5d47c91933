"""The door under uvicorn: event streams in production, everything on one development machine."""

from typing import Any

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.utils.module_loading import import_string

from config.api.bodies import AsgiBodies
from config.env import choose_settings
from config.startup import announce, keep_loaded, load_addresses

choose_settings("config.settings.prod")


class Handler(ASGIHandler):
    """Answers in a thread, from the first middleware to the view: each of Django's own would otherwise change between
    the event loop and the thread twice, which costs more than all that they do."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)
        chain: Any = vars(self)["_middleware_chain"]
        self._middleware_chain = sync_to_async(chain, thread_sensitive=True)


django.setup(set_prefix=False)
application: Any = import_string("generation.live.door.StreamDoor")(AsgiBodies(Handler()))
load_addresses()
keep_loaded()
announce("stream")
