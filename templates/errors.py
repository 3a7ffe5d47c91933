"""What can go wrong in the document factory."""

from typing import Any

from config.errors import AppError
from generation.errors import AnswerRejectedError, states_in_chinese


class BatchTooLargeError(AppError):
    code = "BATCH_TOO_LARGE"
    status = 422
    en = (
        "This batch would have {total} items; one batch takes 1 to {limit}. Choose other projects, templates or "
        "languages, or set a limit."
    )
    zh = "该批次将包含 {total} 个条目，每个批次允许 1 到 {limit} 个。请减少项目、模板或语言，或设置 limit。"


class CategoryUnknownError(AppError):
    code = "CATEGORY_UNKNOWN"
    status = 422
    en = "There is no category with the code {category_code}. GET /templates/categories lists them."
    zh = "没有代码为 {category_code} 的分类，可通过 GET /templates/categories 查看。"


class TemplateUnknownError(AppError):
    code = "TEMPLATE_UNKNOWN"
    status = 422
    en = "No template that can run has the code {template_code}. GET /templates/list shows them."
    zh = "没有代码为 {template_code} 的可用模板，可通过 GET /templates/list 查看。"


class ProjectUnknownError(AppError):
    code = "PROJECT_UNKNOWN"
    status = 422
    en = "You have no project {project}. GET /templates/projects lists yours."
    zh = "您没有项目 {project}，可通过 GET /templates/projects 查看。"


class ProjectCodeTakenError(AppError):
    code = "PROJECT_CODE_TAKEN"
    status = 409
    en = "You already have a project with the code {project_code}."
    zh = "您已有代码为 {project_code} 的项目。"


class ProjectNameMissingError(AppError):
    code = "PROJECT_NAME_MISSING"
    status = 422
    en = "A project needs a name in at least one language (name_zh or name_en)."
    zh = "项目至少需要一种语言的名称（name_zh 或 name_en）。"


class ProjectBusyError(AppError):
    code = "PROJECT_BUSY"
    status = 409
    en = "A batch is still writing documents about this project. Cancel it or wait, then delete the project."
    zh = "仍有批次在为该项目生成文档，请先取消或等待完成后再删除。"


class ProjectCsvInvalidError(AppError):
    code = "PROJECT_CSV_INVALID"
    status = 422
    en = "The file has {count} problem(s), so nothing was imported. Each one is listed with its line."
    zh = "文件中有 {count} 处问题，未导入任何内容。请按行号逐条修正。"


class TemplateCodeTakenError(AppError):
    code = "TEMPLATE_CODE_TAKEN"
    status = 409
    en = "There already is a template with the code {template_code}."
    zh = "已有代码为 {template_code} 的模板。"


class TemplateReadOnlyError(AppError):
    code = "TEMPLATE_READ_ONLY"
    status = 403
    en = "This template belongs to the shared library, which only staff change. Create your own copy instead."
    zh = "该模板属于公共模板库，仅工作人员可修改。您可以创建自己的副本。"


class TemplateInUseError(AppError):
    code = "TEMPLATE_IN_USE"
    status = 409
    en = "There are {documents} documents made from this template. Set is_active to false instead of deleting it."
    zh = "已有 {documents} 篇文档由该模板生成。请将 is_active 设为 false，而不是删除。"


class PlaceholderInvalidError(AppError):
    code = "PLACEHOLDER_INVALID"
    status = 422
    en = "A prompt has placeholders that can't be filled. See details for the position of each."
    zh = "提示词中有无法替换的占位符，详见 details 中的位置。"


class BatchStateError(AppError):
    code = "BATCH_WRONG_STATE"
    status = 409
    en = "The batch is {status}; this needs it to be {wanted}."
    zh = "批次当前状态为“{status}”，此操作要求状态为“{wanted}”。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class OutputLanguageError(AnswerRejectedError):
    code = "OUTPUT_WRONG_LANGUAGE"
    status = 502
    retryable = True
    en = "The model didn't write in the language that was asked for ({language}); the text isn't stored."
    zh = "模型没有使用要求的语言（{language}）写作，文本未保存。"
    advice_en = "An earlier answer was in another language. Write in English only."
    advice_zh = "上一次的回答用了其他语言，请只用简体中文写作。"


class TranslationMismatchError(AnswerRejectedError):
    code = "TRANSLATION_MISMATCH"
    status = 502
    retryable = True
    en = "The translation differs from its source in {count} blocks even after a repair; it isn't stored."
    zh = "修复后译文仍有 {count} 处与原文结构不一致，未保存。"
    advice_en = (
        "An earlier answer left out, added or changed blocks of the source. Keep every block, in its order."
    )
    advice_zh = "上一次的译文遗漏、增加或改动了原文的块，请逐块对应、保持顺序。"


class SourceDocumentMissingError(AppError):
    code = "SOURCE_DOCUMENT_MISSING"
    status = 409
    en = "There is no {language} document to translate. Generate it first, or retry it if it failed."
    zh = "没有可供翻译的 {language} 文档，请先生成，若生成失败请重试。"


class SourceGoneError(AppError):
    code = "SOURCE_GONE"
    status = 409
    en = "The project or the template was deleted before this document was written."
    zh = "在撰写该文档之前，项目或模板已被删除。"


class DocumentBusyError(AppError):
    code = "DOCUMENT_BUSY"
    status = 409
    en = "A batch is still writing this document. Cancel it or wait, then delete the document."
    zh = "仍有批次在生成该文档，请先取消或等待完成后再删除。"


class ExportTooLargeError(AppError):
    code = "EXPORT_TOO_LARGE"
    status = 422
    en = "{total} documents match; one export takes up to {limit}. Filter by project, template or language."
    zh = "符合条件的文档有 {total} 篇，单次导出上限为 {limit} 篇。请按项目、模板或语言筛选。"


class ExportEmptyError(AppError):
    code = "EXPORT_EMPTY"
    status = 404
    en = "No document matches, so there is nothing to export."
    zh = "没有符合条件的文档，无可导出内容。"
