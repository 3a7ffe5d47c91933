"""3D models: made of words, of pictures, or brought along; measured, repaired, converted, shown to others."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from config.tiles import Tile


class Models3DConfig(AppConfig):
    name = "models3d"
    verbose_name = _("3D models")

    def ready(self) -> None:
        from accounts.models import actions
        from accounts.services.deletion import register_withdrawal
        from config import menu, tiles
        from config.api import scopes, words
        from config.files import types
        from config.files.meshes import MESHES
        from generation.jobs.registry import register
        from models3d.api.words import TAGS, WORDS
        from models3d.handlers import KINDS
        from models3d.models.actions import DETAILS, Action, ObjectType
        from models3d.models.interactions import REPORT_REASON_WORDS
        from models3d.models.models import LICENCE_WORDS
        from models3d.services.counting import account_withdraw

        details = {
            **DETAILS,
            "licence": actions.Detail(_("licence"), values=LICENCE_WORDS),
            "report_reason": actions.Detail(_("reason"), values=REPORT_REASON_WORDS),
        }
        actions.register(Action, ObjectType, details)
        register_withdrawal(account_withdraw)
        for one in MESHES:
            types.register(one)
        words.register(WORDS)
        for tag, text in TAGS.items():
            words.register_tag(tag, text)
        scopes.register(
            "models",
            read=_("Read 3D models."),
            write=_("Have 3D models made, which costs money; change, publish and delete them."),
        )
        menu.register(
            "models",
            _("3D models"),
            menu.Item("models3d.model3d", "view_in_ar"),
            menu.Item("models3d.modelversion", "history"),
            menu.Item("models3d.modelfile", "deployed_code"),
            menu.Item("models3d.modelreport", "report"),
            menu.Item("models3d.modellike", "thumb_up"),
            menu.Item("models3d.modelfavourite", "star"),
            menu.Item("models3d.modelview", "visibility"),
            menu.Item("models3d.modeldownload", "download"),
            position=19,
        )
        tiles.register("models3d.reports", reports_tile)
        for kind in KINDS:
            register(kind)


def reports_tile() -> "Tile":
    """Loaded with the page: workers show none."""
    from models3d.admin.reports import open_reports

    return open_reports()
