"""What providers' failures are called: the code of a `ProviderError` is looked up here."""

from config.errors import AppError


class ProviderRateLimitedError(AppError):
    code = "PROVIDER_RATE_LIMITED"
    status = 503
    retryable = True
    en = "The AI provider takes no more requests for the moment. Try again a little later."
    zh = "AI 服务商暂时不再接受请求，请稍后重试。"


class ProviderOverloadedError(AppError):
    code = "PROVIDER_OVERLOADED"
    status = 503
    retryable = True
    en = "The AI provider is overloaded. Try again a little later."
    zh = "AI 服务商负载过高，请稍后重试。"


class ProviderUnavailableError(AppError):
    code = "PROVIDER_UNAVAILABLE"
    status = 503
    retryable = True
    en = "The AI provider can't be reached. Try again a little later."
    zh = "无法连接 AI 服务商，请稍后重试。"


class ProviderTimeoutError(AppError):
    code = "PROVIDER_TIMEOUT"
    status = 504
    retryable = True
    en = "The AI provider didn't answer in time. Whether it charged for the call is not known."
    zh = "AI 服务商未在时限内应答，是否计费尚不确定。"


class ProviderTooSlowError(AppError):
    code = "PROVIDER_TOO_SLOW"
    status = 504
    en = (
        "The model writes too slowly here: the text wasn't finished in the time that one attempt has. It isn't tried "
        "again by itself, which would take as long. Name a faster model, or ask for a shorter text."
    )
    zh = (
        "该模型在本机生成过慢：文本未能在单次尝试的时限内完成，自动重试同样会超时，因此不再重试。"
        "请改用更快的模型，或要求更短的文本。"
    )


class ProviderConnectionLostError(AppError):
    code = "PROVIDER_CONNECTION_LOST"
    status = 502
    retryable = True
    en = "The connection to the AI provider broke during the answer. Whether it charged for the call is not known."
    zh = "应答过程中与 AI 服务商的连接中断，是否计费尚不确定。"


class ProviderAuthFailedError(AppError):
    code = "PROVIDER_AUTH_FAILED"
    status = 502
    en = "The AI provider refuses our key. The operator must check it."
    zh = "AI 服务商拒绝了密钥，请联系管理员检查。"


class ProviderQuotaExhaustedError(AppError):
    code = "PROVIDER_QUOTA_EXHAUSTED"
    status = 502
    en = "The account at the AI provider has no credit left. The operator must top it up."
    zh = "AI 服务商账户余额不足，请联系管理员充值。"


class ProviderModelNotFoundError(AppError):
    code = "PROVIDER_MODEL_NOT_FOUND"
    status = 502
    en = "The AI provider doesn't know this model, or no longer offers it. Choose another model."
    zh = "AI 服务商没有或已停用该模型，请选择其他模型。"


class ProviderBadRequestError(AppError):
    code = "PROVIDER_BAD_REQUEST"
    status = 502
    en = "The AI provider refuses the request as invalid."
    zh = "AI 服务商认为请求无效。"


class ProviderContextTooLongError(AppError):
    code = "PROVIDER_CONTEXT_TOO_LONG"
    status = 422
    en = "The text is longer than the model can read. Shorten it or choose a model with a larger context."
    zh = "文本超过模型可读取的长度，请缩短内容或选择上下文更大的模型。"


class ProviderContentRefusedError(AppError):
    code = "PROVIDER_CONTENT_REFUSED"
    status = 422
    en = "The AI provider refuses this content by its rules. Change the text before you try again."
    zh = "AI 服务商按其规则拒绝了该内容，请修改文本后再试。"


class ProviderImagesRefusedError(AppError):
    code = "PROVIDER_IMAGES_REFUSED"
    status = 422
    en = "The model takes no images, or not one like these. Leave them out, or choose a model that reads images."
    zh = "该模型不能读取图片，或不接受这样的图片。请去掉图片，或选择可以读取图片的模型。"


class ProviderBadAnswerError(AppError):
    code = "PROVIDER_BAD_ANSWER"
    status = 502
    retryable = True
    en = "The AI provider's answer can't be used."
    zh = "AI 服务商返回的内容无法使用。"


class ProviderAddressRefusedError(AppError):
    code = "PROVIDER_ADDRESS_REFUSED"
    status = 422
    en = (
        "The address of this provider key may not be called from here, so nothing was sent. Correct it to https:// "
        "with the public name of a server, or ask the operator to permit its network."
    )
    zh = (
        "不允许从这里访问该服务密钥所填的地址，因此没有发送任何内容。"
        "请改为 https:// 加服务器的公网域名，或请管理员放行该网络。"
    )
