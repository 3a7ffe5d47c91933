"""What an account can do with its jobs and files, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    CANCEL_JOB = "cancel_job", _("Cancelled a job")
    RETRY_JOB = "retry_job", _("Retried a job")
    UPLOAD_FILE = "upload_file", _("Uploaded a file")
    DELETE_FILE = "delete_file", _("Deleted a file")


class ObjectType(TextChoices):
    JOB = "job", _("job")
    FILE = "file", _("file")
