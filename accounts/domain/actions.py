"""What an account can do, in the words of its activity log."""

from enum import StrEnum


class Action(StrEnum):
    """The names under which activities are kept. They are part of the API: add some, never rename one."""

    REGISTER = "register"
    LOGIN = "login"
    LOGOUT = "logout"
    CHANGE_PASSWORD = "change_password"  # noqa: S105 — a name, no password
    UPDATE_ACCOUNT = "update_account"
    CLEAR_ACTIVITIES = "clear_activities"

    CREATE_ACCESS_TOKEN = "create_access_token"  # noqa: S105
    DELETE_ACCESS_TOKEN = "delete_access_token"  # noqa: S105
    CREATE_API_KEY = "create_api_key"
    UPDATE_API_KEY = "update_api_key"
    DELETE_API_KEY = "delete_api_key"
    VERIFY_API_KEY = "verify_api_key"

    CANCEL_JOB = "cancel_job"
    RETRY_JOB = "retry_job"

    CREATE_PROJECT = "create_project"
    UPDATE_PROJECT = "update_project"
    DELETE_PROJECT = "delete_project"
    IMPORT_PROJECTS = "import_projects"
    CREATE_TEMPLATE = "create_template"
    UPDATE_TEMPLATE = "update_template"
    DELETE_TEMPLATE = "delete_template"
    GENERATE_DOCUMENTS = "generate_documents"
    PAUSE_BATCH = "pause_batch"
    RESUME_BATCH = "resume_batch"
    CANCEL_BATCH = "cancel_batch"
    RETRY_BATCH = "retry_batch"
    EXPORT_DOCUMENTS = "export_documents"

    CREATE_PROMPT = "create_prompt"
    UPDATE_PROMPT = "update_prompt"
    DELETE_PROMPT = "delete_prompt"
    FAVORITE_PROMPT = "favorite_prompt"
    USE_PROMPT = "use_prompt"
    AUTO_SAVE_PROMPT = "auto_save_prompt"
    CREATE_TAG = "create_tag"
    UPDATE_TAG = "update_tag"
    DELETE_TAG = "delete_tag"
    CREATE_CONVERSATION = "create_conversation"
    UPDATE_CONVERSATION = "update_conversation"
    DELETE_CONVERSATION = "delete_conversation"
    ADD_MESSAGE = "add_message"
    CLEAR_MESSAGES = "clear_messages"
    ENHANCE_PROMPT = "enhance_prompt"
    OPTIMIZE = "optimize"
    RATE_OPTIMIZATION = "rate_optimization"


class ObjectType(StrEnum):
    """What an activity was done to. Empty where it was done to nothing in particular."""

    USER = "user"
    ACTIVITY = "activity"
    ACCESS_TOKEN = "access_token"  # noqa: S105
    API_KEY = "api_key"
    JOB = "job"
    PROJECT = "project"
    TEMPLATE = "template"
    BATCH = "batch"
    DOCUMENT = "document"
    PROMPT = "prompt"
    TAG = "tag"
    CONVERSATION = "conversation"
    OPTIMIZATION = "optimization"
