"""The registry of error codes: what can go wrong, its HTTP status, and a sentence a person can act on in zh and en.

Every anticipated error is a subclass of `AppError`. Defining the class registers its code, so that the table in
`docs/errors.md` and the test that compares both need no second list.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

#: Whether money was spent: False = certainly not, True = certainly, None = nobody can know yet.
Charged = bool | None

REGISTRY: dict[str, type["AppError"]] = {}


class AppError(Exception):
    """An anticipated failure with a stable code.

    Subclasses set `code`, `status`, `en`, `zh` and, where a repeat can help, `retryable`. The sentences may name
    parameters in braces; they are filled from the keyword arguments, which also travel as `details` unless
    the caller gives others.
    """

    code: ClassVar[str] = ""
    status: ClassVar[int] = 400
    en: ClassVar[str] = ""
    zh: ClassVar[str] = ""
    retryable: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        if cls.code in REGISTRY and REGISTRY[cls.code].__qualname__ != cls.__qualname__:
            raise ValueError(f"error code {cls.code} is registered twice")
        if not (cls.code and cls.en and cls.zh):
            raise ValueError(f"{cls.__name__} needs a code and a sentence in en and zh")
        REGISTRY[cls.code] = cls

    def __init__(
        self,
        *,
        details: Mapping[str, Any] | None = None,
        charged: Charged = False,
        retry_after: float | None = None,
        **params: Any,
    ) -> None:
        self.params: Mapping[str, Any] = params
        self.details: Mapping[str, Any] = params if details is None else details
        self.charged = charged
        self.retry_after = retry_after
        super().__init__(self.message("en"))

    def message(self, language: str = "en") -> str:
        """The sentence in `zh` or `en` (everything else reads English)."""
        if not self.params:
            return self.zh if language.startswith("zh") else self.en
        if language.startswith("zh"):
            return self.zh.format(
                **{name: self.in_chinese(name, value) for name, value in self.params.items()}
            )
        return self.en.format(**self.params)

    def in_chinese(self, name: str, value: Any) -> Any:
        """A parameter as the Chinese sentence says it. Errors whose parameters are English words say them here."""
        return value


def describe(code: str, language: str = "en") -> str:
    """The registered sentence of a code without its parameters; the code itself when nobody registered it."""
    error = REGISTRY.get(code)
    if error is None:
        return code
    return error.zh if language.startswith("zh") else error.en


def spoken(stored: Mapping[str, Any], language: str) -> dict[str, Any]:
    """A stored error (`code`, `params`, `message`, `message_zh` …) as a reader of this language is shown it."""
    shown = dict(stored)
    chinese = shown.pop("message_zh", None)
    if chinese and language.startswith("zh"):
        shown["message"] = chinese
    return shown


# -- what the kernel itself can say ------------------------------------------------------------------------------


class MalformedError(AppError):
    code = "MALFORMED_REQUEST"
    status = 400
    en = (
        "The request can't be read: {reason}. Send valid JSON with the header Content-Type: application/json."
    )
    zh = "无法读取请求：{reason}。请发送有效的 JSON，并带上请求头 Content-Type: application/json。"


class HostUnknownError(AppError):
    code = "HOST_UNKNOWN"
    status = 400
    en = "This server doesn't go by that host name. Use one of its own; its operator names them in ALLOWED_HOSTS."
    zh = "本服务器不使用该主机名。请改用其自身的主机名；运维人员可在 ALLOWED_HOSTS 中设置。"


class ValidationFailedError(AppError):
    code = "VALIDATION_FAILED"
    status = 422
    en = "Some fields are not valid. See details for each field."
    zh = "有字段不符合要求，请查看 details 中各字段的说明。"


class NotAuthenticatedError(AppError):
    code = "NOT_AUTHENTICATED"
    status = 401
    en = "Log in first: send the header Authorization: Bearer <token>."
    zh = "请先登录：发送请求头 Authorization: Bearer <token>。"


class TokenInvalidError(AppError):
    code = "TOKEN_INVALID"
    status = 401
    en = "The token is expired, revoked or forged. Log in again or refresh it."
    zh = "令牌已过期、已撤销或是伪造的。请重新登录或刷新令牌。"


class PermissionDeniedError(AppError):
    code = "PERMISSION_DENIED"
    status = 403
    en = "You are logged in but may not do this."
    zh = "您已登录，但没有权限执行此操作。"


class ScopeMissingError(AppError):
    code = "SCOPE_MISSING"
    status = 403
    en = "This access token lacks the scope {needed}; it has: {granted}. Use a token with that scope, or log in."
    zh = "该访问令牌缺少权限范围 {needed}，现有：{granted}。请使用具有该权限范围的令牌，或登录后操作。"


class SessionNeededError(AppError):
    code = "SESSION_NEEDED"
    status = 403
    en = "No access token may do this, whatever its scopes. Log in with a password and use that session's token."
    zh = "任何访问令牌都不能执行此操作，与其权限范围无关。请用密码登录，再使用该会话的令牌。"


class NotFoundError(AppError):
    code = "NOT_FOUND"
    status = 404
    en = "There is no such thing, or it isn't yours."
    zh = "该内容不存在，或不属于您。"


class AddressUnknownError(AppError):
    code = "ADDRESS_UNKNOWN"
    status = 404
    en = "There is nothing at this address. Check its path and the form of the ids in it; /docs lists all addresses."
    zh = "没有这个地址。请检查路径以及其中 ID 的格式；全部地址见 /docs。"


class MethodNotAllowedError(AppError):
    code = "METHOD_NOT_ALLOWED"
    status = 405
    en = "This address doesn't take that method. See the Allow header."
    zh = "此地址不支持该方法，请查看 Allow 响应头。"


class NotAcceptableError(AppError):
    code = "NOT_ACCEPTABLE"
    status = 406
    en = "This address can't answer in the format that the Accept header asks for. Ask for application/json."
    zh = "此地址无法按 Accept 请求头要求的格式应答，请使用 application/json。"


class BodyTooLargeError(AppError):
    code = "BODY_TOO_LARGE"
    status = 413
    en = "The request body is larger than {limit} bytes. Send less at once."
    zh = "请求体超过 {limit} 字节，请减少单次发送的内容。"


class UnsupportedMediaTypeError(AppError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415
    en = (
        "This content type isn't read here. Send the one that /docs names for this address; mostly it is the header "
        "Content-Type: application/json."
    )
    zh = "不支持此内容类型。请使用 /docs 中该地址所列的类型，通常为请求头 Content-Type: application/json。"


class RateLimitedError(AppError):
    code = "RATE_LIMITED"
    status = 429
    retryable = True
    en = "Too many requests. Wait as long as the Retry-After header says, then try again."
    zh = "请求过于频繁，请按 Retry-After 响应头的时间等待后重试。"


class InternalError(AppError):
    code = "INTERNAL_ERROR"
    status = 500
    retryable = True
    en = "Something broke on our side. It is logged under the request id; try again or send us that id."
    zh = "服务器内部出错，已按请求编号记录。请重试，或把该编号发给我们。"


class ServiceUnavailableError(AppError):
    code = "SERVICE_UNAVAILABLE"
    status = 503
    retryable = True
    en = "A part that this needs is not reachable right now. Nothing was changed; try again soon."
    zh = "所需的组件暂时不可用，没有任何改动，请稍后重试。"


class PreconditionFailedError(AppError):
    code = "PRECONDITION_FAILED"
    status = 412
    en = "It has changed since you read it. Read it again, then send your change with the new ETag."
    zh = "读取之后内容已有变化。请重新读取，再用新的 ETag 提交修改。"


class IdempotencyKeyReusedError(AppError):
    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422
    en = "This Idempotency-Key was used for a different request. Use a new key for a new request."
    zh = "该 Idempotency-Key 已用于另一个请求，请为新请求使用新的键。"


class IdempotencyKeyInvalidError(AppError):
    code = "IDEMPOTENCY_KEY_INVALID"
    status = 400
    en = "An Idempotency-Key has 1 to 255 visible ASCII characters."
    zh = "Idempotency-Key 应为 1 到 255 个可见 ASCII 字符。"


class IdempotencyInProgressError(AppError):
    code = "IDEMPOTENCY_IN_PROGRESS"
    status = 409
    retryable = True
    en = "A request with this Idempotency-Key is still being answered. Wait a moment and send it again."
    zh = "使用该 Idempotency-Key 的请求仍在处理中，请稍候再次发送。"


class PageTooDeepError(AppError):
    code = "PAGE_TOO_DEEP"
    status = 422
    en = "Pages reach only the first {limit} rows. Go on with the cursor of the last page, or filter."
    zh = "分页只能到达前 {limit} 行，请使用上一页的 cursor 继续，或增加筛选条件。"


class CursorInvalidError(AppError):
    code = "CURSOR_INVALID"
    status = 422
    en = "This cursor wasn't made by this list with this sort order. Start again without a cursor."
    zh = "该 cursor 不是由此列表在此排序下生成的，请去掉 cursor 重新开始。"


class SecretUnreadableError(AppError):
    code = "SECRET_UNREADABLE"
    status = 500
    en = "A stored secret can't be decrypted. Enter it again; operators: ENCRYPTION_KEYS lacks the key it was made by."
    zh = "已保存的密钥无法解密，请重新输入；运维人员请检查：ENCRYPTION_KEYS 中缺少加密时所用的密钥。"
