"""What can go wrong in conversations."""

from typing import Any

from config.errors import AppError


class ReplyRunningError(AppError):
    code = "REPLY_RUNNING"
    status = 409
    en = "A reply is being written in this conversation. Wait for it, or stop it by POST /conversations/{id}/stop."
    zh = "该对话正在生成回复，请等待完成，或通过 POST /conversations/{id}/stop 停止。"


class ReplyNotRunningError(AppError):
    code = "REPLY_NOT_RUNNING"
    status = 409
    en = "No reply is being written in this conversation."
    zh = "该对话当前没有正在生成的回复。"


class MessageUnknownError(AppError):
    code = "MESSAGE_UNKNOWN"
    status = 422
    en = "This conversation has no message {message_id}. GET /conversations/{{id}}/messages lists them."
    zh = "该对话中没有消息 {message_id}，可通过 GET /conversations/{{id}}/messages 查看。"


class MessageUnfinishedError(AppError):
    code = "MESSAGE_UNFINISHED"
    status = 409
    en = "The message {message_id} is still being written; nothing can follow it yet."
    zh = "消息 {message_id} 仍在生成中，暂时不能在其后继续。"


class MessageNotYoursError(AppError):
    code = "MESSAGE_NOT_YOURS"
    status = 422
    en = "Only what the user said can be said otherwise. An answer is made anew by POST …/messages/{id}/regenerate."
    zh = "只能改写用户自己的消息；如需另一份回答，请使用 POST …/messages/{id}/regenerate。"


class NothingToAnswerError(AppError):
    code = "NOTHING_TO_ANSWER"
    status = 422
    en = "A reply answers a message of the user: give `content`, or the `parent_id` of one."
    zh = "回复只能针对用户消息：请提供 content，或某条用户消息的 parent_id。"


class ReplyInterruptedError(AppError):
    """The worker died while the answer came: what had come by then is kept."""

    code = "REPLY_INTERRUPTED"
    status = 502
    en = (
        "The reply broke off because the process that wrote it ended. What had come is kept; ask for another."
    )
    zh = "生成回复的进程中途退出，回复已中断；已生成的部分已保留，可重新生成。"


class ReplyBrokenOffError(AppError):
    code = "REPLY_BROKEN_OFF"
    status = 502
    en = "The provider broke off in the middle of the answer. What had come was kept; ask for another."
    zh = "模型服务在回答途中断开。已生成的部分已保留，可重新生成。"


class MessageGoneError(AppError):
    code = "MESSAGE_GONE"
    status = 404
    en = "The message that was to be written has been deleted."
    zh = "要生成的消息已被删除。"


class PromptForSystemUnknownError(AppError):
    code = "SYSTEM_PROMPT_UNKNOWN"
    status = 422
    en = "You have no prompt {prompt_id}, or it has no such version or label. GET /prompts lists yours."
    zh = "您没有提示词 {prompt_id}，或其没有该版本或标记，可通过 GET /prompts 查看。"


class SystemPromptTooLongError(AppError):
    code = "SYSTEM_PROMPT_TOO_LONG"
    status = 422
    en = (
        "The system prompt takes up to {tokens} tokens, and the model has room for {room} beside its answer. Shorten "
        "it, or choose a model with a larger context."
    )
    zh = (
        "系统提示词最多占 {tokens} 个词元，而除回答外模型只能容纳 {room} 个。"
        "请缩短系统提示词，或选择上下文更大的模型。"
    )


class MessageTooLongError(AppError):
    code = "MESSAGE_TOO_LONG"
    status = 422
    en = (
        "The message, with what is attached to it, takes up to {tokens} tokens, and the model has room for {room} "
        "beside the system prompt and its answer. Shorten it, or choose a model with a larger context."
    )
    zh = (
        "该消息连同附件最多占 {tokens} 个词元，而除系统提示词和回答外模型只能容纳 {room} 个。"
        "请缩短消息，或选择上下文更大的模型。"
    )


class AttachmentTooLargeError(AppError):
    """By `details`: which file. Bytes, or pixels of an image's longer side."""

    code = "ATTACHMENT_TOO_LARGE"
    status = 422
    en = "{name} is too large to be shown to a model: {size}, and {limit} are taken (bytes, or pixels of a side)."
    zh = "{name} 过大，不能提供给模型：{size}，上限为 {limit}（字节数，或图片一边的像素数）。"


class AttachmentTypeError(AppError):
    """By `details`: which file."""

    code = "ATTACHMENT_TYPE_REFUSED"
    status = 422
    en = "{name} ({media_type}) can't be shown to a model: only pictures and texts can."
    zh = "{name}（{media_type}）不能提供给模型：仅支持图片和文本。"


class ImportNotJsonError(AppError):
    """`details` say more, in the parser's English."""

    code = "IMPORT_NOT_JSON"
    status = 422
    en = (
        "The file isn't JSON as it should be (near byte {byte}), and no ZIP that has it inside. Send the export as it "
        "was downloaded."
    )
    zh = "该文件不是有效的 JSON（第 {byte} 字节附近），也不是包含 JSON 的 ZIP。请上传下载到的原始导出文件。"

    def in_chinese(self, name: str, value: Any) -> Any:
        """What the reader of JSON says is English, in sentences of its own."""
        return "格式有误" if name == "problem" else value


class ImportFormatUnknownError(AppError):
    code = "IMPORT_FORMAT_UNKNOWN"
    status = 422
    en = "The file has no conversations of a kind that is known here: ours, ChatGPT's, Open WebUI's or LibreChat's."
    zh = "该文件中没有可识别的对话；支持本站、ChatGPT、Open WebUI 和 LibreChat 的导出文件。"


class ImportZipInvalidError(AppError):
    code = "IMPORT_ZIP_INVALID"
    status = 422
    en = "The ZIP can't be used: {problem}."
    zh = "无法使用该 ZIP：{problem}。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return _ZIP_PROBLEMS.get(value, value)


_ZIP_PROBLEMS = {
    "it is damaged": "文件已损坏",
    "it is encrypted": "文件已加密",
    "it has no conversations.json": "其中没有 conversations.json",
}


class ImportTooLargeError(AppError):
    code = "IMPORT_TOO_LARGE"
    status = 422
    en = "Something in the file is larger than {limit}: all of it, a text, or the list of what it has. Split the file."
    zh = "文件整体、其中某段文本或内容列表超过了上限 {limit}。请拆分文件后再导入。"


class ImportUnreadableError(AppError):
    code = "IMPORT_UNREADABLE"
    status = 422
    en = "Reading the file took more time or memory than it may. Split the file, and import the parts."
    zh = "读取该文件所需的时间或内存超过上限。请拆分文件后分别导入。"


class ImportFileGoneError(AppError):
    code = "IMPORT_FILE_GONE"
    status = 404
    en = "The file that was to be imported has been deleted. Import it again: what is there already stays as it is."
    zh = "待导入的文件已被删除。请重新导入；已导入的对话保持不变。"


class ImportConversationUnknownError(AppError):
    code = "IMPORT_CONVERSATION_UNKNOWN"
    status = 422
    en = "This is no conversation of a kind that is known here."
    zh = "此项不是可识别的对话。"


class ImportConversationEmptyError(AppError):
    code = "IMPORT_CONVERSATION_EMPTY"
    status = 422
    en = "The conversation has no message that anybody saw."
    zh = "该对话中没有可见的消息。"


class ImportConversationInvalidError(AppError):
    code = "IMPORT_CONVERSATION_INVALID"
    status = 422
    en = "What stands at {place} isn't what it should be."
    zh = "{place} 处的内容不符合格式。"


class ImportConversationTooLargeError(AppError):
    code = "IMPORT_CONVERSATION_TOO_LARGE"
    status = 422
    en = "The conversation has more than {limit} messages, values or characters, or is nested deeper than that."
    zh = "该对话的消息数、数据量、字符数或嵌套层数超过上限 {limit}。"


class ImportTextTooLongError(AppError):
    code = "IMPORT_TEXT_TOO_LONG"
    status = 422
    en = "The text at {place} is longer than {limit} characters."
    zh = "{place} 处的文本超过 {limit} 个字符。"


class ImportCycleError(AppError):
    code = "IMPORT_CYCLE"
    status = 422
    en = "The messages go round in a circle; {message} is in it."
    zh = "消息之间形成循环，其中包括 {message}。"


class ImportRootMissingError(AppError):
    code = "IMPORT_ROOT_MISSING"
    status = 422
    en = "The conversation has no first message: each follows another."
    zh = "该对话没有起始消息：每条消息都接在另一条之后。"


class ImportParentUnknownError(AppError):
    code = "IMPORT_PARENT_UNKNOWN"
    status = 422
    en = "The message {message} follows one that isn't there."
    zh = "消息 {message} 所接的消息不存在。"


class ImportMessageRepeatedError(AppError):
    code = "IMPORT_MESSAGE_REPEATED"
    status = 422
    en = "Two messages are called {message}."
    zh = "有两条消息的标识同为 {message}。"


class NothingToShareError(AppError):
    code = "NOTHING_TO_SHARE"
    status = 422
    en = "There is no message that could be shared yet."
    zh = "目前没有可分享的消息。"


class ShareTooLargeError(AppError):
    code = "SHARE_TOO_LARGE"
    status = 422
    en = (
        "What is shared has at most {limit} characters. Share an earlier message, or export the conversation."
    )
    zh = "分享的内容最多 {limit} 个字符。请分享较早的消息，或导出该对话。"


class ShareLimitError(AppError):
    code = "SHARE_LIMIT"
    status = 422
    en = "A conversation has at most {limit} links. Revoke one first."
    zh = "每个对话最多有 {limit} 个分享链接，请先撤销一个。"
