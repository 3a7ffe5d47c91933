"""What reports of errors show of settings and requests: the technical page of development, and error e-mails."""

from typing import Any

from django.views.debug import SafeExceptionReporterFilter

from config.logs import redact


class ReportFilter(SafeExceptionReporterFilter):
    """Django hides values by their names (KEY, SECRET, TOKEN, PASS …) only; this also takes out what looks like a
    secret by itself, such as the password in REDIS_URL. `config.env.Hidden` texts hide themselves."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return redact(cleansed) if type(cleansed) is str else cleansed
