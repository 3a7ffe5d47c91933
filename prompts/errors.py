"""What can go wrong in the prompt library."""

from typing import Any

from config.errors import AppError
from generation.errors import AnswerRejectedError, states_in_chinese


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


class LabelInvalidError(AppError):
    code = "LABEL_INVALID"
    status = 422
    en = "A label has 1 to {longest} letters, digits, `-`, `_` and `.`, and begins with a letter or digit."
    zh = "标记由 1 到 {longest} 个字母（含汉字）、数字、“-”、“_”或“.”组成，并以字母或数字开头。"


class LabelLimitError(AppError):
    code = "LABEL_LIMIT"
    status = 422
    en = "A prompt has at most {limit} labels. Remove one first."
    zh = "一个提示词最多有 {limit} 个标记，请先移除一个。"


class VariablesInvalidError(AppError):
    code = "VARIABLES_INVALID"
    status = 422
    en = "Some variables aren't declared as they should be. Each is named in details, with what is wrong."
    zh = "有变量的声明不正确，details 中逐个列出变量与问题。"


class VariableValuesInvalidError(AppError):
    code = "VARIABLE_VALUES_INVALID"
    status = 422
    en = "Some values are missing or can't stand where they are meant to. Each variable is named in details."
    zh = "有变量缺少取值或取值不符合要求，details 中逐个列出变量与问题。"


class IncludeUnknownError(AppError):
    code = "INCLUDE_UNKNOWN"
    status = 422
    en = "The prompt includes {include}, but you have no prompt of that folder and title."
    zh = "提示词引用了 {include}，但您没有该文件夹和标题的提示词。"


class IncludeAmbiguousError(AppError):
    code = "INCLUDE_AMBIGUOUS"
    status = 422
    en = "The prompt includes {include}, but several of yours are called so. Rename or move all but one."
    zh = "提示词引用了 {include}，但您有多个同名提示词。请改名或移动，只保留一个。"


class IncludeLabelUnknownError(AppError):
    code = "INCLUDE_LABEL_UNKNOWN"
    status = 422
    en = "The prompt includes {include}, but the prompt of that name has no such label."
    zh = "提示词引用了 {include}，但该提示词没有这个标记。"


class IncludeCycleError(AppError):
    code = "INCLUDE_CYCLE"
    status = 422
    en = "The prompt would include itself: {path}."
    zh = "提示词会引用到自身：{path}。"


class IncludeLimitError(AppError):
    code = "INCLUDE_LIMIT"
    status = 422
    en = "A prompt includes at most {most} others, nested at most {depth} deep."
    zh = "一个提示词最多引用 {most} 个其他提示词，嵌套最多 {depth} 层。"


class RenderedTooLongError(AppError):
    code = "RENDERED_TOO_LONG"
    status = 422
    en = "With everything that it includes and that is filled in, the text is longer than {longest} characters."
    zh = "加上引用与填入的内容后，文本超过 {longest} 个字符。"


class TagMergedIntoItselfError(AppError):
    code = "TAG_MERGED_INTO_ITSELF"
    status = 422
    en = "A tag can't be merged into itself."
    zh = "标签不能合并到自身。"


class PromptUnknownError(AppError):
    code = "PROMPT_UNKNOWN"
    status = 422
    en = "You have no prompt {prompt_id}. GET /prompts lists yours."
    zh = "您没有提示词 {prompt_id}，可通过 GET /prompts 查看。"


class OptimizationTooLongError(AppError):
    code = "OPTIMIZATION_TOO_LONG"
    status = 422
    en = "This prompt has {characters} characters; the optimizer takes up to {limit}."
    zh = "该提示词有 {characters} 个字符，优化器最多接受 {limit} 个。"


# -- the optimizer -----------------------------------------------------------------------------------------------------


class OptimizationNotReadyError(AppError):
    code = "OPTIMIZATION_NOT_READY"
    status = 409
    en = "This optimization has no result: its job is {status}. Wait for it, or retry the job if it failed."
    zh = "该优化尚无结果：任务状态为“{status}”。请等待完成；若已失败，请重试该任务。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class OptimizationBusyError(AppError):
    code = "OPTIMIZATION_BUSY"
    status = 409
    en = "This optimization, or one that was iterated from it, still runs. Cancel its job or wait, then delete it."
    zh = "该优化或由它继续的优化仍在运行，请先取消任务或等待完成后再删除。"


class OptimizationGoneError(AppError):
    code = "OPTIMIZATION_GONE"
    status = 409
    en = "The optimization was deleted before its job ran."
    zh = "该优化在任务运行前已被删除。"


class CandidateEmptyError(AnswerRejectedError):
    code = "OPTIMIZATION_EMPTY"
    status = 502
    retryable = True
    en = "The model sent an empty prompt; it isn't stored."
    zh = "模型返回了空的提示词，未保存。"
    advice_en = "An earlier optimized_prompt was empty. Write the whole prompt."
    advice_zh = "上一次的 optimized_prompt 为空，请写出完整的提示词。"


class CandidateCutOffError(AnswerRejectedError):
    code = "OPTIMIZATION_CUT_OFF"
    status = 502
    retryable = True
    en = "The optimized prompt breaks off in the middle; it isn't stored."
    zh = "优化后的提示词中途断开，未保存。"
    advice_en = "An earlier optimized_prompt broke off in the middle. Write it to its end."
    advice_zh = "上一次的 optimized_prompt 中途断开，请完整写到结尾。"


class CandidateLostVariableError(AnswerRejectedError):
    code = "OPTIMIZATION_VARIABLE_LOST"
    status = 502
    retryable = True
    en = "The optimized prompt lost {names}; it isn't stored."
    zh = "优化后的提示词丢失了 {names}，未保存。"
    advice_en = "An earlier optimized_prompt lost a variable or an include. Keep each of them exactly as it is written."
    advice_zh = "上一次的 optimized_prompt 丢失了变量或引用，请一字不差地保留每一个。"


class CandidateAddedVariableError(AnswerRejectedError):
    code = "OPTIMIZATION_VARIABLE_ADDED"
    status = 502
    retryable = True
    en = "The optimized prompt has {names}, which the prompt hasn't; it isn't stored."
    zh = "优化后的提示词多出了原文没有的 {names}，未保存。"
    advice_en = "An earlier optimized_prompt had variables or includes that the original hasn't. Add none."
    advice_zh = "上一次的 optimized_prompt 多出了原文没有的变量或引用，请不要增加。"


class CandidateRenamedVariableError(AnswerRejectedError):
    code = "OPTIMIZATION_VARIABLE_RENAMED"
    status = 502
    retryable = True
    en = "The optimized prompt has other variables or includes than the prompt ({names}); it isn't stored."
    zh = "优化后的提示词改动了变量或引用的名称（{names}），未保存。"
    advice_en = "An earlier optimized_prompt renamed a variable or an include. Keep each name exactly as it is written."
    advice_zh = "上一次的 optimized_prompt 给变量或引用改了名，请一字不差地保留每个名称。"


class CandidateLanguageError(AnswerRejectedError):
    code = "OPTIMIZATION_LANGUAGE_CHANGED"
    status = 502
    retryable = True
    en = "The optimized prompt is in another language than the prompt; it isn't stored."
    zh = "优化后的提示词换了语言，未保存。"
    advice_en = (
        "An earlier optimized_prompt was in another language. Write it in the language of the original."
    )
    advice_zh = "上一次的 optimized_prompt 换了语言，请使用原文的语言。"


class CandidateAnsweredError(AnswerRejectedError):
    code = "OPTIMIZATION_ANSWERED"
    status = 502
    retryable = True
    en = "The model answered the prompt instead of improving it; the answer isn't stored."
    zh = "模型直接回答了提示词，而没有改进它，未保存。"
    advice_en = "An earlier optimized_prompt was an answer to the original. Don't answer it; rewrite it."
    advice_zh = "上一次的 optimized_prompt 是对原文的回答。不要作答，请把它改写成更好的要求。"


class CandidateLeakedError(AnswerRejectedError):
    code = "OPTIMIZATION_LEAKED"
    status = 502
    retryable = True
    en = "The optimized prompt repeats the optimizer's own instructions; it isn't stored."
    zh = "优化后的提示词混入了优化器自己的指令，未保存。"
    advice_en = (
        "An earlier optimized_prompt repeated these rules or spoke of your work. Neither belongs there."
    )
    advice_zh = "上一次的 optimized_prompt 重复了这些规则或提到了你的工作，请不要写进去。"


class PromptRepeatedError(AppError):
    code = "PROMPT_REPEATED"
    status = 422
    en = "This prompt stands earlier in the same batch, where it has its result."
    zh = "该提示词在本批次前面已出现，结果见该处。"


class PromptTagsFullError(AppError):
    code = "PROMPT_TAGS_FULL"
    status = 422
    en = "A prompt has at most {most} tags; with these, this one would have more."
    zh = "每条提示词最多 {most} 个标签，加上这些就会超出。"


class PromptRecordInvalidError(AppError):
    code = "PROMPT_RECORD_INVALID"
    status = 422
    en = "The prompt at {record} can't be imported, and nothing was: {reason}"
    zh = "{record} 处的提示词无法导入，整个文件都未导入：{reason}"

    def in_chinese(self, name: str, value: Any) -> Any:
        return value.message("zh") if isinstance(value, AppError) else value


class PromptIdRepeatedError(AppError):
    code = "PROMPT_ID_REPEATED"
    status = 422
    en = "This id stands earlier in the file."
    zh = "该 ID 在文件前面已出现。"


class PromptCsvInvalidError(AppError):
    code = "PROMPT_CSV_INVALID"
    status = 422
    en = "Nothing was imported: mistakes in the file: {count}. details.problems lists them with their lines."
    zh = "文件有 {count} 处错误，因此没有导入任何内容。details.problems 列出了各处错误及其行号。"


class PromptExportTooLargeError(AppError):
    code = "PROMPT_EXPORT_TOO_LARGE"
    status = 422
    en = "That would be more than {limit} prompts in one file. Narrow the choice with the filters, such as folder."
    zh = "导出内容超过 {limit} 条提示词，请用筛选条件（例如文件夹）缩小范围。"


# -- cases -------------------------------------------------------------------------------------------------------------


class AssertionsInvalidError(AppError):
    code = "ASSERTIONS_INVALID"
    status = 422
    en = "Some assertions can't be checked. Each is named in details, with what is allowed there."
    zh = "部分断言无法检查，details 中逐个列出，并给出可用的取值。"


class CaseLimitError(AppError):
    code = "CASE_LIMIT"
    status = 422
    en = "A prompt has up to {limit} cases."
    zh = "一个提示词最多有 {limit} 个用例。"


class CasesMissingError(AppError):
    code = "CASES_MISSING"
    status = 422
    en = "There is no case to try. POST /prompts/{id}/cases makes one."
    zh = "没有可供测试的用例，可通过 POST /prompts/{id}/cases 创建。"


class CandidateMissingError(AppError):
    code = "CANDIDATE_MISSING"
    status = 422
    en = "The candidate says the same as the original, so there is nothing to compare."
    zh = "候选与原文相同，没有可比较的内容。"


class EvaluationTooLargeError(AppError):
    code = "EVALUATION_TOO_LARGE"
    status = 422
    en = "This would be {total} answers; one evaluation takes up to {limit}. Choose fewer cases or runs."
    zh = "这将需要 {total} 次回答，一次评测最多 {limit} 次，请减少用例或次数。"


class EvaluationTextTooLongError(AppError):
    code = "EVALUATION_TEXT_TOO_LONG"
    status = 422
    en = "The filled-in prompts would be more than {limit} characters in all. Choose fewer cases or runs."
    zh = "填入变量后的提示词合计将超过 {limit} 个字符，请减少用例或次数。"


class OptimizationUnknownError(AppError):
    code = "OPTIMIZATION_UNKNOWN"
    status = 422
    en = "You have no optimization {optimization_id} with a result. GET /optimize/history lists yours."
    zh = "您没有已完成的优化 {optimization_id}，可通过 GET /optimize/history 查看。"


class OptimizationUnratedError(AppError):
    code = "OPTIMIZATION_UNRATED"
    status = 409
    en = (
        "This optimization has no rating with a reason yet. Rate it first (POST /optimize/history/{id}/rate)."
    )
    zh = "该优化尚无写明理由的评分，请先评分（POST /optimize/history/{id}/rate）。"


class CasesFailError(AppError):
    code = "CASES_FAIL"
    status = 409
    en = (
        "Version {number} fails {count} of the prompt's cases: {names}. Improve it, or give a reason why it should "
        "be in production all the same."
    )
    zh = "版本 {number} 未通过 {count} 个用例：{names}。请改进后再试，或写明仍要投入使用的理由（reason）。"


class TrialGoneError(AppError):
    code = "TRIAL_GONE"
    status = 409
    en = "The evaluation was deleted before this answer was bought."
    zh = "在获取该回答之前，评测已被删除。"
