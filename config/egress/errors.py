"""What can go wrong on the way to an address that a user named.

Nothing here repeats the answer, a resolved address or what a library said about them: whoever may name an address
must not be able to read the network behind it through our errors.
"""

from enum import StrEnum
from typing import Self

from config.errors import AppError


class Reason(StrEnum):
    """Why an address is refused; stable, travels as `details.reason`."""

    SPELLING = "spelling"
    SCHEME = "scheme"
    CREDENTIALS = "credentials"
    HOST = "host"
    PORT = "port"
    #: No address, or one that may not be called. One reason for both, so that nobody can ask for internal names.
    ADDRESS = "address"
    #: Another scheme, host or port than the one that was checked, for example behind a redirect.
    ORIGIN = "origin"
    HEADERS = "headers"


class EgressError(AppError):
    """Any failure of this package."""

    @classmethod
    def behind(cls, error: BaseException | None) -> Self | None:
        """The egress error that led to `error`, which an SDK may have wrapped; None when there is none."""
        while error is not None and not isinstance(error, cls):
            error = error.__cause__
        return error


class EgressRefusedError(EgressError):
    code = "EGRESS_REFUSED"
    status = 422
    en = (
        "This address may not be called from here. Use https:// with the public name of a server, no password in "
        "it and a usual port; addresses of internal networks need the operator's permission."
    )
    zh = (
        "不允许从这里访问该地址。请使用 https:// 加服务器的公网域名，地址中不要带密码，端口应为常用端口；"
        "内部网络的地址需由管理员放行。"
    )

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(details={"reason": reason.value})


class EgressUnreachableError(EgressError):
    code = "EGRESS_UNREACHABLE"
    status = 502
    retryable = True
    en = "The address can't be reached, or what answers there is no proper HTTP(S) server. Check it, or try later."
    zh = "无法连接该地址，或对方不是正常的 HTTP(S) 服务。请检查地址，或稍后重试。"


class EgressTimeoutError(EgressError):
    code = "EGRESS_TIMEOUT"
    status = 504
    retryable = True
    en = "The address didn't answer completely in time. Try again later."
    zh = "该地址未能在规定时间内完成应答，请稍后重试。"


class EgressTooLargeError(EgressError):
    code = "EGRESS_TOO_LARGE"
    status = 502
    en = "The answer is larger than {limit} bytes, so the rest wasn't read."
    zh = "应答超过 {limit} 字节，其余部分未读取。"
