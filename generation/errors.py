"""What can go wrong with jobs, paid calls and image requests, and what a person reads about it."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from config.errors import AppError

_CHINESE = {
    "queued": "排队中",
    "running": "运行中",
    "waiting": "等待中",
    "succeeded": "成功",
    "failed": "失败",
    "cancelling": "取消中",
    "cancelled": "已取消",
    "paused": "已暂停",
}


def states_in_chinese(words: str) -> str:
    """One state or several (`queued, running or waiting`) as a Chinese sentence names them."""
    said = re.sub(r"[a-z]+", lambda found: _CHINESE.get(found[0], found[0]), words)
    return said.replace(", ", "、").replace(" or ", "或")


class JobNotFoundError(AppError):
    code = "JOB_NOT_FOUND"
    status = 404
    en = "There is no such job, or it isn't yours."
    zh = "该任务不存在，或不属于您。"


class JobStateError(AppError):
    code = "JOB_WRONG_STATE"
    status = 409
    en = "The job is {status}; this needs it to be {wanted}."
    zh = "任务当前状态为“{status}”，此操作要求状态为“{wanted}”。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class JobNotReplayedError(AppError):
    code = "JOB_NOT_REPLAYED"
    status = 409
    en = "A job of this kind isn't run again in its place: ask for a new one where this one was asked for."
    zh = "此类任务不能原样重跑，请在发起处重新发起一次。"


class JobLiveError(AppError):
    code = "JOB_LIVE"
    status = 403
    en = "This job calls real providers, which a test token can't set going. Use a live token, or begin a new test job."
    zh = "该任务会调用真实的服务商，测试令牌不能启动它。请使用正式令牌，或新建一个测试任务。"


class JobCancelledError(AppError):
    """Raised inside a handler when its job was asked to stop."""

    code = "JOB_CANCELLED"
    status = 409
    en = "The job was cancelled."
    zh = "任务已取消。"


class JobLostError(AppError):
    code = "JOB_WORKER_LOST"
    status = 500
    retryable = True
    en = "The worker that ran this died too often. Retry it; nothing that was already paid for is bought again."
    zh = "执行该任务的工作进程多次中断。请重试，已付费的结果不会重复购买。"


class JobTimeoutError(AppError):
    code = "JOB_TIMEOUT"
    status = 504
    retryable = True
    en = "The job ran longer than it may."
    zh = "任务运行时间超过上限。"


class JobInternalError(AppError):
    code = "JOB_INTERNAL_ERROR"
    status = 500
    retryable = True
    en = "Something broke on our side while the job ran. It is logged under the job's id; retry it or send us the id."
    zh = "任务运行时服务器内部出错，已按任务编号记录。请重试，或把任务编号发给我们。"


class JobStoreConflictError(AppError):
    code = "JOB_STORE_CONFLICT"
    status = 409
    retryable = True
    en = "Another job stored the same thing at the same moment. What was bought is kept; the retry only stores it."
    zh = "另一个任务同时保存了相同内容。已购买的结果会保留，重试时只需保存。"


class JobChildrenFailedError(AppError):
    code = "JOB_ITEMS_FAILED"
    status = 500
    retryable = True
    en = "{failed} of {total} items failed. Look at them and retry: only the failed ones run again."
    zh = "{total} 个条目中有 {failed} 个失败。请查看后重试，只会重新执行失败的条目。"


class StreamNotServedHereError(AppError):
    """Threads serve this process, and each stream would hold one for minutes."""

    code = "STREAM_NOT_SERVED_HERE"
    status = 406
    en = (
        "This server answers no event streams. Poll the same address with Accept: application/json and ?after=N, or "
        "ask the operator to route event streams to the stream process."
    )
    zh = (
        "此服务进程不提供事件流。请以 Accept: application/json 和 ?after=N 轮询同一地址，"
        "或联系管理员把事件流路由到 stream 进程。"
    )


class StreamsFullError(AppError):
    code = "STREAMS_FULL"
    status = 503
    retryable = True
    en = "This server holds as many event streams as it may. Try again a little later, or poll."
    zh = "此服务进程的事件流已达上限，请稍后重试，或改用轮询。"


class TooManyStreamsError(AppError):
    code = "TOO_MANY_STREAMS"
    status = 429
    retryable = True
    en = "You have {limit} event streams open already. Close one, or poll."
    zh = "您已打开 {limit} 个事件流，请先关闭一个，或改用轮询。"


class PriceMissingError(AppError):
    code = "PRICE_MISSING"
    status = 422
    en = (
        "There is no price for {model} of {provider}, so it isn't called. Name a model that has one "
        "(GET /api/v1/catalogue), ask staff to enter the price (admin, Models), or, with a key of your own, enter "
        "what you pay there (input_micros, output_micros of the key; 0 for a server of your own)."
    )
    zh = (
        "{provider} 的 {model} 没有登记价格，因此不会调用。请选择有价格的模型（GET /api/v1/catalogue），"
        "请工作人员在管理后台的“模型”中登记价格；使用自己的密钥时，也可为该密钥填写价格"
        "（input_micros、output_micros，自有服务器可填 0）。"
    )


class ModelUnknownError(AppError):
    """`near` are names that can be called and resemble the one asked for."""

    code = "MODEL_UNKNOWN"
    status = 422
    en = "The catalogue has no model {model}. Name one of {near}, or another one of GET /api/v1/catalogue."
    zh = "模型目录中没有 {model}。可以使用 {near}，或 GET /api/v1/catalogue 中的其他模型。"

    def __init__(self, *, model: str, near: Sequence[str]) -> None:
        super().__init__(
            model=model, near=", ".join(near) or "-", details={"model": model, "near": list(near)}
        )


class ModelEndedError(AppError):
    code = "MODEL_ENDED"
    status = 422
    en = "{provider} has ended {model} on {date}. Name another one instead: {successor}."
    zh = "{provider} 的 {model} 已于 {date} 停用，请改用：{successor}。"

    def __init__(self, *, model: str, provider: str, ended_at: datetime, successor: str = "") -> None:
        date = ended_at.date().isoformat()
        super().__init__(
            model=model,
            provider=provider,
            date=date,
            successor=successor or "GET /api/v1/catalogue",
            details={"model": model, "provider": provider, "ended_at": date, "successor": successor or None},
        )


class ModelUnavailableError(AppError):
    """The model is known, but the caller has no way to a provider that has it, or staff have switched it off.
    `choices` can be called."""

    code = "MODEL_UNAVAILABLE"
    status = 422
    en = (
        "{model} can't be called: no key for {providers} is configured here, they don't list it, or staff have "
        "switched it off. "
        "Enter a key of your own (POST /api/v1/api-keys), or name one of {choices}."
    )
    zh = (
        "无法调用 {model}：未配置 {providers} 的密钥、服务商未列出该模型，或该模型已被工作人员停用。"
        "请添加自己的密钥（POST /api/v1/api-keys），或改用 {choices}。"
    )

    def __init__(self, *, model: str, providers: Sequence[str], choices: Sequence[str]) -> None:
        super().__init__(
            model=model,
            providers=", ".join(providers),
            choices=", ".join(choices) or "GET /api/v1/catalogue",
            details={"model": model, "providers": list(providers), "choices": list(choices)},
        )


class ModelTakesNoImagesError(AppError):
    """`choices` read images and can be called."""

    code = "MODEL_TAKES_NO_IMAGES"
    status = 422
    en = "{model} reads no images. Leave them out, or name a model that does: {choices}."
    zh = "{model} 不能读取图片。请去掉图片，或改用可以读取图片的模型：{choices}。"

    def __init__(self, *, model: str, choices: Sequence[str]) -> None:
        super().__init__(
            model=model,
            choices=", ".join(choices) or "GET /api/v1/catalogue",
            details={"model": model, "choices": list(choices)},
        )


class ModelInUseError(AppError):
    code = "MODEL_IN_USE"
    status = 409
    en = "Calls of {model} stand in the ledger, so it can't be deleted. Switch it off instead."
    zh = "账本中已有 {model} 的调用记录，无法删除。请改为停用。"


class ModelPriceInUseError(AppError):
    code = "MODEL_PRICE_IN_USE"
    status = 409
    en = (
        "Calls of {model} were counted by the price {version}, so it stays. Add a new version, which takes over from "
        "the time that you give it."
    )
    zh = "{model} 已有调用按价格版本 {version} 计费，因此不能删除。请新增一个版本，从指定时间起生效。"


class CallUncertainError(AppError):
    """The outcome of a paid call is unknown and the rules don't allow to buy it again unasked."""

    code = "CALL_UNCERTAIN"
    status = 502
    en = (
        "A paid call was cut off and nobody can tell whether it was charged. It isn't repeated by itself: look at "
        "the job's calls and retry, or let staff resolve them."
    )
    zh = "一次付费调用中断，无法确定是否已计费，因此不会自动重复。请查看该任务的调用记录后重试，或由工作人员处理。"


class CallInFlightError(AppError):
    """Another worker holds the purchase of this step."""

    code = "CALL_IN_FLIGHT"
    status = 409
    retryable = True
    en = "This step is being bought by another attempt."
    zh = "该步骤正由另一次执行购买。"


# -- answers that were paid for and can't be used -------------------------------------------------------------------


class AnswerRejectedError(AppError):
    """A model's answer, paid for, that can't be used (see `generation.jobs.texts`)."""

    #: What a model that is asked once more is told.
    advice_en: ClassVar[str] = (
        "An earlier answer could not be used. Answer the whole of it, in the form asked for."
    )
    advice_zh: ClassVar[str] = "上一次的回答无法使用，请按要求的形式完整作答。"

    @classmethod
    def advice(cls, language: str) -> str:
        return cls.advice_zh if language == "zh" else cls.advice_en

    def give_up(self) -> None:
        """Asking again didn't help: this one error, not its class, is for a person to decide from here on."""
        self.retryable = False  # type: ignore[misc]


class OutputTruncatedError(AnswerRejectedError):
    code = "OUTPUT_TRUNCATED"
    status = 502
    retryable = True
    en = "The model stopped at its length limit {calls} times and the text still isn't complete; it isn't stored."
    zh = "模型连续 {calls} 次达到长度上限，文本仍不完整，未保存。"
    advice_en = "An earlier answer was longer than there is room for. Write more briefly and come to an end."
    advice_zh = "上一次的回答超出了长度上限，请写得更简短，并写到结尾。"


class OutputEmptyError(AnswerRejectedError):
    code = "OUTPUT_EMPTY"
    status = 502
    retryable = True
    en = "The model answered without a text."
    zh = "模型没有返回文本。"


class OutputMalformedError(AnswerRejectedError):
    code = "OUTPUT_MALFORMED"
    status = 502
    retryable = True
    en = "The model's answer doesn't have the form that was asked for, even when corrected; it isn't stored."
    zh = "模型的回答经纠正后仍不符合要求的格式，未保存。"
    advice_en = (
        "An earlier answer was no valid JSON of the schema. Answer with the JSON object and nothing else."
    )
    advice_zh = "上一次的回答不是符合结构的 JSON，请只输出 JSON 对象。"


class OutputOnlyThoughtsError(AnswerRejectedError):
    """Asked the same way, the model would think as long again."""

    code = "OUTPUT_ONLY_THOUGHTS"
    status = 502
    en = (
        "The model thought and then said nothing: its thoughts may have taken all the room there was. Choose a model "
        "that thinks less or ask for less, then retry."
    )
    zh = "模型只给出了思考过程，没有正文，可能思考已用完全部输出长度。请换用思考较少的模型或减少要求后重试。"
    advice_en = "An earlier answer was all thoughts. Think briefly, then write the text."
    advice_zh = "上一次只有思考而没有正文，请简短思考后直接写出正文。"


class OutputRepeatsError(AnswerRejectedError):
    code = "OUTPUT_REPEATS"
    status = 502
    retryable = True
    en = "The model said the same over and over; the text isn't stored."
    zh = "模型反复输出相同的内容，文本未保存。"
    advice_en = "An earlier answer said the same over and over. Say each thing once."
    advice_zh = "上一次的回答反复重复相同的内容，请不要重复。"


class OutputRefusedError(AnswerRejectedError):
    code = "OUTPUT_REFUSED"
    status = 422
    en = "The model's content filter stopped this text. Change what it is made from, then retry."
    zh = "模型的内容过滤器中止了该文本的生成，请修改所依据的内容后重试。"


# -- image requests --------------------------------------------------------------------------------------------------


class RequestGoneError(AppError):
    code = "REQUEST_GONE"
    status = 409
    en = "The image request was deleted before this was done."
    zh = "该图片请求在完成前已被删除。"


class RequestStateError(AppError):
    code = "REQUEST_WRONG_STATE"
    status = 409
    en = "The request's images are {status}; this needs them to be {wanted}."
    zh = "该请求的图片当前状态为“{status}”，此操作要求状态为“{wanted}”。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class RequestImageUnknownError(AppError):
    code = "REQUEST_IMAGE_UNKNOWN"
    status = 404
    en = "The request has no such image: it has {count}, and none before their prompts are written."
    zh = "该请求没有这张图片：共 {count} 张，且在提示词写好之前尚无图片。"


class RequestImageStateError(AppError):
    code = "REQUEST_IMAGE_WRONG_STATE"
    status = 409
    en = "Image {number} is {status}; this needs it to be {wanted}."
    zh = "第 {number} 张图片当前状态为“{status}”，此操作要求状态为“{wanted}”。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class RequestSelectionFixedError(AppError):
    code = "REQUEST_SELECTION_FIXED"
    status = 409
    en = (
        "A model is made of image {number}, so the selection stays. Ask for new images to choose another one."
    )
    zh = "已用第 {number} 张图片制作模型，选择不能再更改。如需另选，请重新发起图片请求。"


class PromptsUnusableError(AnswerRejectedError):
    code = "PROMPTS_UNUSABLE"
    status = 502
    en = "The text model's prompts for the images were empty or too long, so the original prompt was used."
    zh = "文本模型写出的图片提示词为空或过长，因此使用了原始提示词。"


class PictureUnusableError(AppError):
    """What came is paid for. Nobody buys another one unasked."""

    code = "PICTURE_UNUSABLE"
    status = 502
    en = "What the provider sent is no picture that can be kept. Retry it to have another one made, which costs again."
    zh = "服务商返回的内容不是可以保存的图片。可重试此图片，重新生成会再次计费。"
