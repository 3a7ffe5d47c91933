"""What an account can do with its 3D models, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import Detail


class Action(TextChoices):
    CREATE_MODEL = "create_model", _("Had a 3D model made")
    UPLOAD_MODEL = "upload_model", _("Brought a 3D model along")
    UPDATE_MODEL = "update_model", _("Changed a 3D model")
    REPAIR_MODEL = "repair_model", _("Had a 3D model repaired")
    CANCEL_MODEL = "cancel_model", _("Cancelled the making of a 3D model")
    DELETE_MODEL = "delete_model", _("Deleted a 3D model")
    PUBLISH_MODEL = "publish_model", _("Published a 3D model")
    UNPUBLISH_MODEL = "unpublish_model", _("Took a 3D model out of the gallery")
    LIKE_MODEL = "like_model", _("Liked a 3D model, or no longer")
    FAVORITE_MODEL = "favorite_model", _("Marked a 3D model as a favourite, or no longer")
    DOWNLOAD_MODEL = "download_model", _("Downloaded a 3D model")
    REPORT_MODEL = "report_model", _("Reported a 3D model")
    HIDE_MODEL = "hide_model", _("Staff took the 3D model out of the gallery")
    SHOW_MODEL = "show_model", _("Staff put the 3D model back into the gallery")


class ObjectType(TextChoices):
    MODEL = "model", _("3D model")


DETAILS = {
    "request_id": Detail(_("image request"), links_to="generation.imagerequest"),
    "version": Detail(_("version")),
    "is_marked": Detail(_("marked")),
}
