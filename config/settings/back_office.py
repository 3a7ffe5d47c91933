"""How the back office looks: its name, its first page, and what stands in its menu."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": lambda request: request.user.has_perm(f"{app}.view_{name}"),
    }


UNFOLD = {
    "SITE_TITLE": "Atelier",
    "SITE_HEADER": "Atelier",
    "SITE_SYMBOL": "architecture",
    "SITE_URL": "/docs",
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "generation.admin.home.dashboard",
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "items": [
                    {"title": _("Work list"), "icon": "dashboard", "link": reverse_lazy("admin:index")}
                ],
            },
            {
                "title": _("Jobs and calls"),
                "separator": True,
                "items": [
                    _item(_("Jobs"), "work_history", "generation.job"),
                    _item(_("Ledger of calls"), "receipt_long", "generation.providercall"),
                    _item(_("Models"), "neurology", "generation.cataloguemodel"),
                    _item(_("Prices"), "payments", "generation.modelprice"),
                    _item(_("Workers"), "memory", "generation.workerheartbeat"),
                    _item(_("Job events"), "timeline", "generation.jobevent"),
                    _item(_("Housekeeping"), "cleaning_services", "django_celery_results.taskresult"),
                ],
            },
            {
                "title": _("Documents"),
                "separator": True,
                "items": [
                    _item(_("Batches"), "stacks", "templates.templatebatch"),
                    _item(_("Batch items"), "checklist", "templates.batchitem"),
                    _item(_("Documents"), "description", "templates.document"),
                    _item(_("Document versions"), "history", "templates.documentversion"),
                    _item(_("Projects"), "rocket_launch", "templates.project"),
                    _item(_("Content templates"), "draft", "templates.contenttemplate"),
                    _item(_("Categories"), "category", "templates.category"),
                ],
            },
            {
                "title": _("Accounts"),
                "separator": True,
                "items": [
                    _item(_("Users"), "person", "accounts.user"),
                    _item(_("Groups"), "group", "auth.group"),
                    _item(_("Budgets by month"), "savings", "accounts.budgetperiod"),
                    _item(_("Monthly limits"), "speed", "accounts.budget"),
                    _item(_("Access tokens"), "token", "accounts.accesstoken"),
                    _item(_("Provider keys"), "vpn_key", "accounts.providerkey"),
                    _item(_("Activities"), "manage_history", "accounts.activity"),
                    _item(_("Audit of staff"), "policy", "accounts.auditentry"),
                    _item(_("File removals"), "folder_delete", "accounts.fileremoval"),
                    _item(_("Idempotency keys"), "repeat_one", "platform.idempotencyrecord"),
                ],
            },
        ],
    },
}
