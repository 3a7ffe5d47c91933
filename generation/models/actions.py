"""What an account can do with its jobs, files and image requests, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    CANCEL_JOB = "cancel_job", _("Cancelled a job")
    RETRY_JOB = "retry_job", _("Retried a job")
    UPLOAD_FILE = "upload_file", _("Uploaded a file")
    DELETE_FILE = "delete_file", _("Deleted a file")
    BEGIN_UPLOAD = "begin_upload", _("Began an upload")
    ABORT_UPLOAD = "abort_upload", _("Aborted an upload")
    CREATE_REQUEST = "create_request", _("Asked for images")
    SELECT_IMAGE = "select_image", _("Selected an image")
    RETRY_IMAGE = "retry_image", _("Had an image made again")
    CANCEL_REQUEST = "cancel_request", _("Cancelled an image request")
    DELETE_REQUEST = "delete_request", _("Deleted an image request")


class ObjectType(TextChoices):
    JOB = "job", _("job")
    FILE = "file", _("file")
    UPLOAD = "upload", _("upload")
    REQUEST = "request", _("image request")
