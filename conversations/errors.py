"""What can go wrong in conversations."""

from config.errors import AppError


class ReplyRunningError(AppError):
    code = "REPLY_RUNNING"
    status = 409
    en = "A reply is being written in this conversation. Wait for it, or stop it by POST /conversations/{{id}}/stop."
    zh = "该对话正在生成回复，请等待完成，或通过 POST /conversations/{{id}}/stop 停止。"


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
    en = "Only what the user said can be said otherwise. An answer is made anew by POST …/messages/{{id}}/regenerate."
    zh = "只能改写用户自己的消息；如需另一份回答，请使用 POST …/messages/{{id}}/regenerate。"


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
