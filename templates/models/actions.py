"""What an account can do with documents and what they are made of, in the words of its activity log."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models.actions import Detail


class Action(TextChoices):
    CREATE_PROJECT = "create_project", _("Created a project")
    UPDATE_PROJECT = "update_project", _("Changed a project")
    DELETE_PROJECT = "delete_project", _("Deleted a project")
    IMPORT_PROJECTS = "import_projects", _("Imported projects")
    CREATE_TEMPLATE = "create_template", _("Created a content template")
    UPDATE_TEMPLATE = "update_template", _("Changed a content template")
    DELETE_TEMPLATE = "delete_template", _("Deleted a content template")
    GENERATE_DOCUMENTS = "generate_documents", _("Had documents generated")
    PAUSE_BATCH = "pause_batch", _("Paused a batch")
    RESUME_BATCH = "resume_batch", _("Resumed a batch")
    CANCEL_BATCH = "cancel_batch", _("Cancelled a batch")
    RETRY_BATCH = "retry_batch", _("Retried a batch")
    UPDATE_DOCUMENT = "update_document", _("Changed a document")
    DELETE_DOCUMENT = "delete_document", _("Deleted a document")
    EXPORT_DOCUMENTS = "export_documents", _("Exported documents")


class ObjectType(TextChoices):
    PROJECT = "project", _("project")
    TEMPLATE = "template", _("content template")
    BATCH = "batch", _("batch")
    DOCUMENT = "document", _("document")


DETAILS = {"to_run": Detail(_("to write"))}
