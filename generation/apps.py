"""Generation: the engine room. Jobs, events, provider adapters and the ledger of paid calls."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = _("Jobs and calls")

    def ready(self) -> None:
        from django.core.checks import Tags, register

        from accounts.services import register_deletion_hook
        from accounts.services.keys import register_verifier
        from config import health
        from config.api import waiting
        from generation.api.views.jobs import finished_job
        from generation.checks import default_models_can_be_called
        from generation.jobs.departures import jobs_stop
        from generation.jobs.verification import verify_key
        from generation.selectors import workers_check

        waiting.register(finished_job)
        register_verifier(verify_key)
        register_deletion_hook(jobs_stop)
        health.register_check("workers", workers_check)
        register(default_models_can_be_called, Tags.database)
