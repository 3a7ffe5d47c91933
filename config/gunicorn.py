"""How gunicorn serves the API: `gunicorn --config python:config.gunicorn config.wsgi:application`."""

from config.logs import logging_config

worker_class = "gthread"
workers = 2
threads = 8
bind = "0.0.0.0:8000"  # noqa: S104 — a proxy stands in front
logconfig_dict = logging_config(level="INFO", json=True)
control_socket_disable = True  # it would lie in the folder of the program
# Whether a request came by https is said by TRUSTED_PROXIES to Django, not by anybody on this machine to gunicorn.
secure_scheme_headers: dict[str, str] = {}
