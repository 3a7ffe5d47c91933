"""Likes, favourites, views and downloads of models in the admin."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from config.admin.base import ReadOnlyAdmin
from config.admin.cells import link_to
from models3d.models import ModelDownload, ModelFavourite, ModelLike, ModelView


class OfModel(ReadOnlyAdmin):
    """Rows about a model."""

    list_select_related: Any = ("model",)

    @display(description=_("3D model"))
    def model_link(self, row: Any) -> Any:
        return link_to(row.model)


class MarkAdmin(OfModel):
    list_display = ("created_at", "model_link", "user")
    list_select_related = ("model", "user")
    search_keys = ("pk", "model_id", "user_id")
    search_help_text = _("The id of a model or a user")
    fields = ("model_link", "user", "created_at")


class VisitAdmin(OfModel):
    list_display = ("day", "model_link", "visitor")
    list_filter = ("day",)
    search_keys = ("pk", "model_id")
    search_help_text = _("The id of a model")
    fields = ("model_link", "day", "visitor", "created_at")


@admin.register(ModelLike)
class ModelLikeAdmin(MarkAdmin):
    """Likes."""


@admin.register(ModelFavourite)
class ModelFavouriteAdmin(MarkAdmin):
    """Favourites."""


@admin.register(ModelView)
class ModelViewAdmin(VisitAdmin):
    """Views."""


@admin.register(ModelDownload)
class ModelDownloadAdmin(VisitAdmin):
    """Downloads."""
