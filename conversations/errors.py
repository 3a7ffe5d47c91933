"""What can go wrong with conversations, and what a person reads about it."""

from config.errors import AppError


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
