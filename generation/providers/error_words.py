"""What the body of a failure says, whatever its shape and language: its codes, its status, its words.

Gateways answer money, keys and limits under any status, with codes as numbers or texts, in Chinese or English; so the
words are read, too, and money is money whatever the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from generation.providers import rules
from generation.providers.rules import Rule

#: How much of a body is looked at.
EXAMINED: Final = 4_000
_MAX_DEPTH = 4
#: Names as `_plain` writes them.
_CODES: Final = ("code", "type", "errorcode", "errcode", "status", "error", "reason", "kind", "errtype")
_STATUSES: Final = ("status", "statuscode", "httpcode", "httpstatus", "code", "errorcode")
_MESSAGES: Final = (
    *("message", "msg", "errormsg", "errmsg", "errormessage", "statusmsg", "detail"),
    *("details", "errordescription", "description", "title", "error", "reason", "raw"),
)
#: What a message says that is nothing but the name of a status.
_PHRASES: Final = {status.phrase.lower(): status.value for status in HTTPStatus if status >= 400}
#: A sentence about what went wrong is no longer than this.
_SENTENCE: Final = 300
_INNER: Final = (
    *("error", "errors", "base_resp", "detail", "data", "response", "result", "metadata", "header"),
)
#: A 200 answer with one of these and without a choice says that something went wrong.
_SIGNS: Final = ("error", "errors", "error_code", "error_msg", "errmsg", "detail")
_FINE: Final = frozenset({"", "0", "200", "ok", "success", "none", "null"})


@dataclass(frozen=True, slots=True)
class Said:
    """`codes` in small letters; `status` is the HTTP status that a body names; `message` is only looked at."""

    codes: tuple[str, ...] = ()
    status: int | None = None
    message: str = ""


def said_in(body: object) -> Said:
    codes: list[str] = []
    statuses: list[int] = []
    messages: list[str] = []
    if isinstance(body, str):
        # A page of a proxy's says nothing that is meant for us.
        return Said(message="" if body.lstrip().startswith("<") else body[:EXAMINED])
    for place in map(_plain, _places(body, 0)):
        for name in _CODES:
            value = place.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= 100:
                codes.append(str(value).strip().lower())
        for name in _STATUSES:
            text = str(place.get(name, ""))
            if re.fullmatch(r"[45]\d\d", text):
                statuses.append(int(text))
        said = [value for name in _MESSAGES if isinstance(value := place.get(name), str)]
        statuses += [_PHRASES[name] for value in said if (name := value.strip(" .!").lower()) in _PHRASES]
        messages += said
    return Said(tuple(codes), statuses[0] if statuses else None, "\n".join(messages)[:EXAMINED])


def _plain(place: Mapping[str, object]) -> dict[str, object]:
    """By names that don't depend on how they are written: `error_msg`, `errorMsg` and `ErrorMsg` are one."""
    return {str(name)[:40].replace("_", "").lower(): value for name, value in place.items()}


def _places(value: object, depth: int) -> Iterator[Mapping[str, object]]:
    """The objects in which a body may speak, the innermost `error` first."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:5]:
            yield from _places(item, depth + 1)
    elif isinstance(value, Mapping):
        for name in _INNER:
            if isinstance(value.get(name), Mapping | list):
                yield from _places(value[name], depth + 1)
        yield value


def is_failure(data: Mapping[str, object]) -> bool:
    """Whether a 200 answer without a choice says that it failed."""
    if (
        any(data.get(name) for name in _SIGNS)
        or data.get("success") is False
        or data.get("object") == "error"
    ):
        return True
    said = said_in({name: value for name, value in data.items() if name not in ("data", "result")})
    named = str(data.get("code", data.get("status", ""))).strip().lower()
    if said.status is not None or "base_resp" in data:
        return True
    is_sentence = 0 < len(said.message) <= _SENTENCE
    return (
        bool(said.message)
        and named not in _FINE
        or is_sentence
        and rule_of_words(said.message, None) is not None
    )


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)


_RATE = _words(
    r"rate[ _-]?limit", r"too many (concurrent )?requests",
    r"(requests|tokens)[ _]?per[ _]?(second|minute|min|day|hour)",
    r"per ?(minute|second)\b", r"\b[TR]P[MDS]\b", r"retry (in|after) \d", r"concurren(t|cy) limit", r"throttl",
    r"(请求|调用|访问)(过于|太|的?频率)?(频繁|过多|过快)",
    r"频率(限制|超限|过高)", r"限流|限速", r"并发(数|请求)?(超|过|达|限)",
    r"速率限制|每分钟",
)  # fmt: skip
_MONEY = _words(
    r"insufficient[ _-]?(\w+[ _-])?(quota|balance|credits?|funds?|tokens? quota|points)",
    r"(quota|balance|credits?|funds?)\b.{0,60}?\b(is |are |has |have |been |was )*"
    r"(not enough|insufficient|exhausted|used up|depleted|too low|run out|expired)",
    r"exceed\w*[ _](your |the |my )?(current |monthly |daily |max(imum)? |total |user |account |team )*"
    r"(quota|budget|spend|credits?|balance)",
    r"(budget|spend(ing)?( limit)?|quota|hard limit)[ _](has |have |was )?(been )?(exceeded|reached)",
    r"(out of|no( more| remaining)?|not enough|requires more|needs? more|lack of) (\w+ )?"
    r"(credits?|balance|funds|quota)\b",
    r"payment (is )?required|billing[ _](hard[ _]limit|not[ _]active|issue)|check your (plan and )?billing",
    r"(top[ -]?up|recharge|refill) (your|the|my|account|balance)|overdue|arrear|in good standing|unpaid",
    r"account balance|key limit exceeded|(plan|subscription|trial) (has |is )?(been )?(expired|ended)",
    r"free (tier|plan|trial)\b.{0,20}(limit|exceeded|expired|ended|used)",
    r"欠费|余额(不足|已?用[尽完]|为[0零负])",
    r"(额度|配额|点数|积分|金额|费用|预算|流量)(已|均|都|已经)?(不足|不够|用尽|用完|耗尽|超限|超出|用光)",
    r"(不足|超出|超过|耗尽|用完|没有|无).{0,8}(余额|额度|配额|预算)",
    r"预?扣费(额度)?失败|(可用|账户|账号|帐户)余额|请?(先|及时|尽快)?充值|欠款",
    r"无可用资源包|资源包.{0,6}(不足|用尽|用完|耗尽|过期)|免费(额度|试用).{0,8}(用|耗|过期|结束)|未开通(付费|计费)",
)  # fmt: skip
_REFUSED = _words(
    r"content exists risk", r"data inspection", r"inappropriate content", r"content[ _](policy|filter|management)",
    r"moderation", r"sensitive (content|words)", r"safety (system|policy|filter)",
    r"敏感(内容|词|信息)|不(安全|当|良)内容|内容.{0,6}(违规|违反|安全|审核)|(违规|违法|风险)内容|审核不通过|涉嫌",
)  # fmt: skip
_TOO_LONG = _words(
    r"maximum context length", r"context[ _](window|length|size)", r"exceeded model token limit",
    r"range of input length", r"input (token )?length too long", r"max_total_tokens", r"prompt is too long",
    r"input is too long", r"too many input tokens",
    r"上下文(长度|窗口)|(输入|提示词?|内容|文本|消息|请求).{0,10}(过长|太长|超长|超(出|过).{0,10}(长度|字数|token|限制))",
)  # fmt: skip
_NO_IMAGES = _words(
    r"image_url", r"image (input|content|format|data|type)\b", r"(invalid|unsupported|corrupt\w*) image",
    r"(not|n[o']t) (support|accept|take|process)\w* (any |the )?(image|vision|visual|multi-?modal)",
    r"images? (is|are) (not supported|unsupported|too (large|small|big)|invalid)",
    r"(no|without) (vision|image|visual|multi-?modal) (support|capabilit|input)",
    r"不支持.{0,6}(图片|图像|视觉|多模态)|(图片|图像).{0,10}(不支持|无效|无法|过大|太大|格式|解析失败)",
)  # fmt: skip
_NO_MODEL = _words(
    r"model\b.{0,120}\b(not exist|does ?n[o']t exist|not found|not available|no longer available|is unknown)",
    r"(no such|unknown|invalid|unsupported) model\b", r"no available (channel|provider|endpoint)s?",
    r"模型.{0,60}(不存在|未找到|找不到|不支持|已下线|未开通|无可用|没有可用)|(不存在|未知|无效|不支持)的?模型|无可用渠道",
)  # fmt: skip
_KEY = _words(
    r"api[ _-]?key", r"unauthori[sz]ed", r"unauthenticated", r"authenticat", r"credential", r"access token",
    r"(invalid|expired|missing|revoked|incorrect|disabled) (\w+ )?(token|key)",
    r"(token|key) (\w+ )?(is |has )?(been )?(invalid|expired|revoked|disabled|not found)",
    r"permission|not (allowed|authorized|permitted)|access denied|denied access|(country|region|territory)",
    r"密钥|秘钥|令牌|鉴权|认证|身份验证|未授权|未经授权|无权|没有权限|权限不足|api ?key",
    r"(账号|账户|帐户).{0,6}(封|禁|停用|冻结)|白名单",
)  # fmt: skip
_BUSY = _words(
    r"overload", r"\b(engine|server|service|model|system)\b.{0,20}\bbusy\b",
    r"(负载|负荷).{0,4}(高|满|大)|过载|(服务|系统|模型|引擎|资源).{0,6}(繁忙|紧张)",
)  # fmt: skip
#: What nobody says of a request that is simply wrong.
_WRONG_KEY = _words(
    r"(invalid|incorrect|wrong) api[ _-]?key", r"api[ _-]?key (is )?(not valid|invalid|incorrect|wrong)",
    r"(密钥|秘钥|api ?key)(错误|无效|不正确)|无效的?(密钥|秘钥|api ?key)",
)  # fmt: skip

_ANY: Final = (
    (_MONEY, rules.QUOTA),
    (_REFUSED, rules.REFUSED),
    (_TOO_LONG, rules.TOO_LONG),
    (_NO_IMAGES, rules.NO_IMAGES),
    (_NO_MODEL, rules.NO_MODEL),
    (_WRONG_KEY, rules.AUTH),
    (_BUSY, rules.OVERLOADED),
)


def rule_of_words(message: str, status: int | None) -> Rule | None:
    """What a message means. A key is called refused only where its words, or 401, say so; of a request that is simply
    wrong (400, 422) only where nothing else can be meant, unlike "not allowed"."""
    if "_" in message:
        message = f"{message}\n{message.replace('_', ' ')}"  # OUT_OF_CREDITS are words, too
    if _RATE.search(message) and status not in (400, 401, 402, 404, 422):
        return rules.RATE_LIMITED
    found = next((rule for pattern, rule in _ANY if pattern.search(message)), None)
    if found is None and status in (None, 403, 407) and _KEY.search(message):
        return rules.AUTH
    return found
