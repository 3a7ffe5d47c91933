"""What an account can do with its 3D models, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import Detail


class Action(TextChoices):
    CREATE_MODEL = "create_model", _("Had a 3D model made")
    UPLOAD_MODEL = "upload_model", _("Brought a 3D model along")
    UPDATE_MODEL = "update_model", _("Changed a 3D model")
    REPAIR_MODEL = "repair_model", _("Had a 3D model repaired")
    CONVERT_MODEL = "convert_model", _("Had a 3D model converted")
    CANCEL_MODEL = "cancel_model", _("Cancelled the making of a 3D model")
    DELETE_MODEL = "delete_model", _("Deleted a 3D model")


class ObjectType(TextChoices):
    MODEL = "model", _("3D model")


DETAILS = {
    "request_id": Detail(_("image request"), links_to="generation.imagerequest"),
    "version": Detail(_("version")),
}
