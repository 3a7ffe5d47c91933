"""What can go wrong in the prompt library."""

from config.errors import AppError


class FolderInvalidError(AppError):
    code = "FOLDER_INVALID"
    status = 422
    en = (
        "A folder is a path of at most {depth} names with slashes between, {longest} characters in all; no name is "
        "`.` or `..` or has invisible characters."
    )
    zh = (
        "文件夹是以斜杠分隔的路径，最多 {depth} 级，总长不超过 {longest} 个字符；"
        "名称不能是“.”或“..”，也不能含不可见字符。"
    )


class PromptVersionUnknownError(AppError):
    code = "PROMPT_VERSION_UNKNOWN"
    status = 422
    en = "This prompt has no version {number}. GET /prompts/{{id}}/versions lists them."
    zh = "该提示词没有版本 {number}，可通过 GET /prompts/{{id}}/versions 查看。"


class LabelNotFoundError(AppError):
    code = "LABEL_NOT_FOUND"
    status = 404
    en = "This prompt has no label {label}. GET /prompts/{{id}}/labels lists those it has."
    zh = "该提示词没有标记“{label}”，可通过 GET /prompts/{{id}}/labels 查看。"


class TagNameTakenError(AppError):
    code = "TAG_NAME_TAKEN"
    status = 409
    en = "You already have a tag {name}; case and width make no difference."
    zh = "您已有标签“{name}”（不区分大小写与全角半角）。"


class TagUnknownError(AppError):
    code = "TAG_UNKNOWN"
    status = 422
    en = "You have no such tag: {tag_ids}. GET /tags lists yours."
    zh = "您没有这些标签：{tag_ids}，可通过 GET /tags 查看。"
