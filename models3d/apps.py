"""3D models: made of words, of pictures, or brought along; measured, repaired, converted, shown to others."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Models3DConfig(AppConfig):
    name = "models3d"
    verbose_name = _("3D models")

    def ready(self) -> None:
        from accounts.models import actions
        from config import menu
        from config.api import scopes, words
        from config.files import types
        from config.files.meshes import MESHES
        from generation.jobs.registry import register
        from models3d.api.words import TAGS, WORDS
        from models3d.handlers import KINDS
        from models3d.models.actions import DETAILS, Action, ObjectType

        actions.register(Action, ObjectType, DETAILS)
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
        for kind in KINDS:
            register(kind)
