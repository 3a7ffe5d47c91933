"""Tencent Cloud's Hunyuan3D (Rapid): an order is a task, which is looked up until it has an end.

By the official package (`tencentcloud-sdk-python-ai3d`, API version 2025-05-13): `SubmitHunyuanTo3DRapidJob` takes
either words (200 characters) or a picture (JPEG, PNG or WebP of at most 6 MB) and answers `JobId`, which is good for 24
hours; `QueryHunyuanTo3DRapidJob` tells `Status` (WAIT, RUN, DONE, FAIL) and links by `Type`, or `ErrorCode`
(cloud.tencent.com/document/api/1804). One task at a time is worked on unless more was agreed on; tasks that fail aren't
charged. Nothing lists tasks or stops them, so an order whose answer was lost is for a person to decide about.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from generation.providers import rules
from generation.providers.base import BusyError, ProviderError, Secret, TooLongError, reference, repeats
from generation.providers.llm.answer_text import storable
from generation.providers.mesh.base import MeshAnswer, MeshFile, MeshFormat, MeshOrder, Outcome
from generation.providers.orders import InOne
from generation.providers.quiet import quiet

if TYPE_CHECKING:
    from tencentcloud.common.abstract_client import AbstractClient

MODEL = "hunyuan-3d-rapid"
#: Seconds for an answer about tasks.
LOOK_UP_S = 15.0
CONNECT_S = 10.0
#: Tasks asked for in one round: the account has 20 requests a second.
MOST_ASKED = 20
MOST_CHARACTERS = 200
MOST_IMAGE_BYTES = 6_000_000
IMAGES: Final = ("image/png", "image/jpeg", "image/webp")
WORKING: Final = ("WAIT", "RUN")
BUSY: Final = "RequestLimitExceeded.JobNumExceed"
UNKNOWN_TASKS: Final = ("FailedOperation.JobNotExist", "FailedOperation.JobNotFound", "ResourceNotFound")

#: By the whole code, else by what stands before its first dot.
CODES: Final[Mapping[str, rules.Rule]] = {
    "AuthFailure": rules.AUTH,
    "InvalidCredential": rules.AUTH,
    "UnauthorizedOperation": rules.AUTH,
    "RequestLimitExceeded": rules.RATE_LIMITED,
    "LimitExceeded": rules.RATE_LIMITED,
    "ResourceInsufficient": rules.QUOTA,
    "ResourceUnavailable": rules.QUOTA,
    "ResourcesSoldOut": rules.QUOTA,
    "FailedOperation.FreeResourcePackExhausted": rules.QUOTA,
    "FailedOperation.ResourcePackExhausted": rules.QUOTA,
    "OperationDenied": rules.REFUSED,
    "FailedOperation.ModerationFailed": rules.REFUSED,
    "FailedOperation.SensitiveContent": rules.REFUSED,
    "FailedOperation": rules.FAILED,
    "InvalidParameter": rules.BAD_REQUEST,
    "InvalidParameterValue": rules.BAD_REQUEST,
    "InvalidParameterValue.TextLengthExceed": rules.TOO_LONG,
    "MissingParameter": rules.BAD_REQUEST,
    "UnknownParameter": rules.BAD_REQUEST,
    "UnsupportedOperation": rules.BAD_REQUEST,
    "UnsupportedRegion": rules.BAD_REQUEST,
    # What the gateway of Tencent's says of what lies behind it.
    "InternalError": rules.FAILED.after_acceptance(),
    # The package's own.
    "ServerNetworkError": rules.GATEWAY_LOST,
}
#: By the name of the class of what the package's HTTP library raised, or of its reason.
_NOT_SENT: Final[Mapping[str, rules.Rule]] = {
    "ConnectTimeout": rules.CONNECT_TIMEOUT,
    "ConnectTimeoutError": rules.CONNECT_TIMEOUT,
    "NewConnectionError": rules.NOT_CONNECTED,
    "ProxyError": rules.NOT_CONNECTED,
    "SSLCertVerificationError": rules.NOT_CONNECTED,
}
_FORMATS: Final[tuple[MeshFormat, ...]] = ("glb", "obj", "stl")


class TencentMeshes(InOne):
    """One pair of keys, as `api_key` in the form `id:key`. Thread-safe. `transport` is taken and left: the package
    makes its own way, so its own address is the only one."""

    has_tasks = True

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        model: str = MODEL,
        region: str = "ap-guangzhou",
        api_key: str = "",
        transport: object = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"Provider {name!r}: base_url must be an http or https address.")
        self.name = name
        self.model = model
        self._scheme, self._host, self._region = parts.scheme, parts.netloc, region
        secret_id, _, secret_key = api_key.partition(":")
        self._secret_id, self._secret_key = Secret(secret_id.strip()), Secret(secret_key.strip())

    def __repr__(self) -> str:
        return f"TencentMeshes(name={self.name!r}, model={self.model!r}, host={self._host!r})"

    def order(self, order: MeshOrder) -> MeshAnswer:
        model = order.model or self.model
        if model != MODEL:
            raise rules.NO_MODEL.error(self.name)
        answer = self._ask("SubmitHunyuanTo3DRapidJob", self._body(order), timeout_s=order.timeout_s)
        ref = reference(answer.get("JobId"), self._secret_id, self._secret_key)
        if ref:
            return MeshAnswer(self.name, model, provider_ref=ref)
        raise rules.UNREADABLE.error(self.name)

    def look_up(self, refs: Sequence[str]) -> Mapping[str, Outcome]:
        found: dict[str, Outcome] = {}
        for ref in refs[:MOST_ASKED]:
            try:
                found[ref] = self._outcome(ref)
            except ProviderError as error:
                if not found:
                    error.charged = False
                    raise
                break  # what is left is asked for again
        return found

    def find(self, order: MeshOrder, *, sent_at: datetime, known: Sequence[str]) -> str | None:
        return None

    def cancel(self, ref: str) -> bool:
        return False

    def check_key(self, *, timeout_s: float) -> None:
        """Raises `ProviderError` where the keys aren't taken: of a task that isn't there only who may ask is told."""
        try:
            self._ask("QueryHunyuanTo3DRapidJob", {"JobId": "0"}, timeout_s=timeout_s)
        except ProviderError as error:
            if error.code != rules.BAD_REQUEST.code and not _is_forgotten(error):
                raise

    def _body(self, order: MeshOrder) -> dict[str, Any]:
        """A picture and words can't be told together: the picture says more."""
        made = {"ResultFormat": "GLB", "EnableGeometry": not order.is_textured}
        if not order.image:
            if len(order.prompt) > MOST_CHARACTERS:
                raise TooLongError(self.name)
            return {"Prompt": order.prompt, **made}
        if order.image_media_type not in IMAGES or len(order.image) > MOST_IMAGE_BYTES:
            raise rules.NO_IMAGES.error(self.name)
        return {"ImageBase64": base64.b64encode(order.image).decode(), **made}

    def _outcome(self, ref: str) -> Outcome:
        try:
            task = self._ask("QueryHunyuanTo3DRapidJob", {"JobId": ref}, timeout_s=LOOK_UP_S)
        except ProviderError as error:
            if not _is_forgotten(error):
                raise
            return error
        status = task.get("Status")
        if status in WORKING:
            return MeshAnswer(self.name, self.model, provider_ref=ref)
        if status == "DONE":
            return self._made(task, ref)
        if status == "FAIL":
            failed = _rule_of(str(task.get("ErrorCode") or "")).error(self.name)
            failed.charged = False
            return failed
        return rules.FORGOTTEN.error(self.name)

    def _made(self, task: Mapping[str, Any], ref: str) -> Outcome:
        links: dict[str, str] = {}
        for one in task.get("ResultFile3Ds") or ():
            kind, url = str(one.get("Type") or "").lower(), one.get("Url")
            if isinstance(url, str) and not any(
                repeats(url, key) for key in (self._secret_id, self._secret_key)
            ):
                links.setdefault(kind, storable(url))
        files = tuple(MeshFile(name, url=links[name]) for name in _FORMATS if links.get(name))
        if not files:
            return rules.NOTHING_MADE.error(self.name)
        return MeshAnswer(self.name, self.model, provider_ref=ref, files=files)

    def _ask(self, action: str, body: Mapping[str, Any], *, timeout_s: float) -> Mapping[str, Any]:
        """What a call answers. Raises `ProviderError` only."""
        if not self._secret_id or not self._secret_key:
            raise rules.AUTH.error(self.name)
        try:
            answer = self._client(timeout_s).call_json(action, dict(body))["Response"]
            refused = answer.get("Error")
            if refused is None:
                return cast("Mapping[str, Any]", answer)
            failure = self._refusal(str(refused["Code"]))
        except Exception as error:  # noqa: BLE001 - whatever was raised, the order may have been accepted
            failure = self._failure(error)
        # Outside the handler, so that nothing that knows the keys or the answer hangs on it.
        raise failure

    def _client(self, timeout_s: float) -> AbstractClient:
        """One for each call, as the package takes the time-out with it. Its own retries and breakers are off."""
        from tencentcloud.ai3d.v20250513.ai3d_client import Ai3dClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.common.retry import NoopRetryer

        quiet("tencentcloud_sdk_common", "urllib3")
        http = HttpProfile(
            protocol=self._scheme, endpoint=self._host, reqTimeout=(min(CONNECT_S, timeout_s), timeout_s)
        )
        profile = ClientProfile(httpProfile=http, disable_region_breaker=True, retryer=NoopRetryer())
        return Ai3dClient(Credential(self._secret_id, self._secret_key), self._region, profile)

    def _failure(self, error: Exception) -> ProviderError:
        code = getattr(error, "code", None)
        if code == "ClientNetworkError":
            return _rule_of_way(error.__context__).error(self.name)
        if isinstance(code, str):
            return self._refusal(code)
        if any(cls.__name__ == "RequestException" for cls in type(error).__mro__):
            return _rule_of_way(error).error(self.name)
        return rules.UNREADABLE.error(self.name)

    def _refusal(self, code: str) -> ProviderError:
        return BusyError(self.name) if code == BUSY else _rule_of(code).error(self.name)


def _rule_of(code: str) -> rules.Rule:
    if code in UNKNOWN_TASKS:
        return rules.FORGOTTEN
    return CODES.get(code) or CODES.get(code.partition(".")[0]) or rules.FAILED.after_acceptance()


def _rule_of_way(error: BaseException | None) -> rules.Rule:
    """What the package's HTTP library says: only what failed while connecting was certainly not sent."""
    first = error.args[0] if error is not None and error.args else None
    reason = getattr(first, "reason", None)
    inner = reason.args[0] if isinstance(reason, Exception) and reason.args else None
    names = [cls.__name__ for one in (error, reason, inner) for cls in type(one).__mro__]
    found = next((_NOT_SENT[name] for name in names if name in _NOT_SENT), None)
    return found or (rules.READ_TIMEOUT if "ReadTimeout" in names else rules.CONNECTION_LOST)


def _is_forgotten(error: ProviderError) -> bool:
    return error.message == rules.FORGOTTEN.message
