"""Generation: the engine room. Jobs, events, provider adapters and the ledger of paid calls."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

#: What beat asks for, and after how many seconds again.
BEATS = {
    "generation.poll_jobs": 5,
    "generation.resolve_orders": 300,
    "generation.sweep_jobs": 10,
    "generation.look_at_listings": 300,
    "generation.clean_up": 3600,
    "generation.clean_orphans": 21_600,
    "generation.expire_uploads": 600,
}


class GenerationConfig(AppConfig):
    name = "generation"
    verbose_name = _("Jobs and calls")

    def ready(self) -> None:
        from django.core.checks import Tags, register

        from accounts.models import actions
        from accounts.services.deletion import register_deletion_hook
        from accounts.services.keys import register_verifier
        from config import health, queues
        from config.api import scopes, waiting, words
        from config.files import types
        from generation import handlers
        from generation.api.words import TAGS, WORDS
        from generation.checks import default_models_can_be_called
        from generation.jobs.registry import KINDS
        from generation.jobs.registry import register as register_kind
        from generation.jobs.services import jobs_stop
        from generation.jobs.verification import verify_key
        from generation.models.actions import Action, ObjectType
        from generation.providers.llm import sandbox
        from generation.selectors.jobs import job_is_over
        from generation.selectors.workers import workers_check

        details = {
            "kind": actions.Detail(_("kind"), values=KINDS),
            "images": actions.Detail(_("pictures")),
            "number": actions.Detail(_("picture")),
        }
        actions.register(Action, ObjectType, details)
        queues.register("generation.run_job", queues.Queue.AGENT_BUILDS)
        queues.register("generation.poll_job", queues.Queue.AGENT_BUILDS)
        for name, every in BEATS.items():
            queues.register(name, queues.Queue.STATUS_UPDATES, every=every)
        for one in types.COMMON:
            types.register(one)
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register("files", read=_("Read files."), write=_("Upload and delete files."))
        scopes.register("catalogue", read=_("Read the models that can be asked, and their prices."))
        scopes.register(
            "jobs", read=_("Read jobs and follow their events."), write=_("Cancel and retry jobs.")
        )
        scopes.register(
            "queue", read=_("Read how the queues are doing."), write=_("Empty the queue (staff).")
        )
        scopes.register(
            "requests",
            read=_("Read image requests."),
            write=_("Have images made, which costs money; choose and delete them."),
        )
        scopes.register("usage", read=_("Read what was used, what it cost, and the budget."))
        register_pages()
        for kind in handlers.KINDS:
            register_kind(kind)
        for name, answer in handlers.SANDBOX_ANSWERS.items():
            sandbox.register(name, answer)
        waiting.register(job_is_over)
        register_verifier(verify_key)
        register_deletion_hook(jobs_stop)
        health.register_check("workers", workers_check)
        register(default_models_can_be_called, Tags.database)


def register_pages() -> None:
    """The pages of the admin's menu."""
    from config import menu

    menu.register(
        "jobs",
        _("Jobs and calls"),
        menu.Item("generation.job", "work_history"),
        menu.Item("generation.providercall", "receipt_long", _("Ledger of calls")),
        menu.Item("generation.jobevent", "timeline"),
        menu.Item("generation.workerheartbeat", "memory"),
        position=10,
    )
    menu.register(
        "requests",
        _("Images"),
        menu.Item("generation.imagerequest", "brush"),
        menu.Item("generation.requestimage", "image"),
        position=18,
    )
    menu.register(
        "files",
        _("Files"),
        menu.Item("generation.storedfile", "draft"),
        menu.Item("generation.thumbnail", "photo_size_select_large"),
        menu.Item("generation.upload", "upload_file"),
        position=20,
    )
    menu.register(
        "catalogue",
        _("Models and prices"),
        menu.Item("generation.cataloguemodel", "neurology"),
        menu.Item("generation.modelprice", "payments"),
        position=15,
    )
