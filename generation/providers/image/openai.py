"""OpenAI's images and what speaks like them: SiliconFlow, and servers of the operator's or a user's own.

`POST /images/generations`, answered with the picture. OpenAI (platform.openai.com/docs/api-reference/images/create):
its GPT image models always send base64 and take the qualities low, medium and high; DALL·E takes standard and hd.
SiliconFlow (docs.siliconflow.cn/cn/api-reference/images/images-generations): `image_size`, `negative_prompt`, `seed`;
links that live for an hour. Others are asked for base64, so that nothing has to be copied from an address they name.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from generation.providers.caller import Caller, Reply, request_id
from generation.providers.image.base import ImageAnswer, ImageOrder, Picture
from generation.providers.image.sizes import Size, nearest
from generation.providers.orders import AtOnce

if TYPE_CHECKING:
    from generation.providers.openai_client import Transport

PATH = "/images/generations"
DIALECTS: Final = ("openai", "siliconflow", "generic")

_GPT_SIZES: Final[tuple[Size, ...]] = ((1024, 1024), (1536, 1024), (1024, 1536))
_DALLE_SIZES: Final[tuple[Size, ...]] = ((1024, 1024), (1792, 1024), (1024, 1792))
_QWEN_SIZES: Final[tuple[Size, ...]] = (
    *((1328, 1328), (1664, 928), (928, 1664), (1472, 1140), (1140, 1472)),
    *((1584, 1056), (1056, 1584)),
)
_KOLORS_SIZES: Final[tuple[Size, ...]] = ((1024, 1024), (960, 1280), (768, 1024), (720, 1440), (720, 1280))
#: SiliconFlow takes no larger seed.
_MAX_SEED = 9_999_999_999


class OpenAIImages(AtOnce):
    """One vendor, one key, one default model. Thread-safe.

    - `base_url`: with its path, such as `https://api.openai.com/v1`.
    - `api_key`: may be empty (local servers); then no Authorization header is sent.
    - `dialect`: one of `DIALECTS`.
    - `transport`: makes the way to the address, for addresses that a user named.
    """

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        model: str,
        api_key: str = "",
        dialect: str = "generic",
        transport: Transport | None = None,
    ) -> None:
        if dialect not in DIALECTS:
            raise ValueError(f"Provider {name!r}: dialect must be one of {', '.join(DIALECTS)}.")
        self.name = name
        self.model = model
        self._dialect = dialect
        self._caller = Caller(name=name, base_url=base_url, api_key=api_key, transport=transport)

    def __repr__(self) -> str:
        return f"OpenAIImages(name={self.name!r}, model={self.model!r}, host={self._caller.host!r})"

    def order(self, order: ImageOrder) -> ImageAnswer:
        model = order.model or self.model
        body = {"model": model, **self._body(order, model)}
        headers = request_id(order.request_key, order.attempt)
        reply = self._caller.post(PATH, body, timeout_s=order.timeout_s, headers=headers)
        return self._answer(reply, model)

    def _body(self, order: ImageOrder, model: str) -> dict[str, Any]:
        if self._dialect == "siliconflow":
            return _siliconflow_body(order, model)
        prompt = order.prompt
        if order.negative_prompt:
            prompt = f"{prompt}\n\nAvoid: {order.negative_prompt}"
        if self._dialect == "generic":
            size: Size = (order.width, order.height)
            return {"prompt": prompt, "n": 1, "size": _text(size), "response_format": "b64_json"}
        is_high = order.quality == "high"
        if model.startswith("dall-e"):
            quality, size = "hd" if is_high else "standard", nearest(order, _DALLE_SIZES)
            form = {"response_format": "b64_json"}
        else:
            quality, size, form = "high" if is_high else "medium", nearest(order, _GPT_SIZES), {}
        return {"prompt": prompt, "n": 1, "size": _text(size), "quality": quality, **form}

    def _answer(self, reply: Reply, model: str) -> ImageAnswer:
        found = next((item for name in ("data", "images") for item in _objects(reply.body.get(name))), None)
        if found is None:
            if reply.body.get("error") or reply.body.get("code"):
                raise self._caller.named_failure(reply.body)
            raise self._caller.unusable("The provider's answer holds no picture.", ref=reply.ref)
        return ImageAnswer(
            provider=self.name,
            model=model,
            picture=self._picture(found, reply),
            provider_ref=reply.ref or "",
            revised_prompt=self._caller.text(found.get("revised_prompt")),
        )

    def _picture(self, found: Mapping[str, Any], reply: Reply) -> Picture:
        seed = reply.body.get("seed")
        seed = seed if isinstance(seed, int) else None
        packed, url = found.get("b64_json"), self._caller.text(found.get("url"))
        if isinstance(packed, str) and packed:
            try:
                return Picture(data=base64.b64decode(packed.partition(",")[2] or packed), seed=seed)
            except (binascii.Error, ValueError):
                pass
        elif url:
            return Picture(url=url, seed=seed)
        raise self._caller.unusable("The provider's answer holds no picture.", ref=reply.ref)


def _siliconflow_body(order: ImageOrder, model: str) -> dict[str, Any]:
    sizes = _QWEN_SIZES if model.startswith("Qwen/") else _KOLORS_SIZES if "Kolors" in model else ()
    size = nearest(order, sizes) if sizes else (order.width, order.height)
    body: dict[str, Any] = {"prompt": order.prompt, "image_size": _text(size)}
    if "Kolors" in model:
        body["batch_size"] = 1
    if order.negative_prompt:
        body["negative_prompt"] = order.negative_prompt
    if order.seed is not None:
        body["seed"] = order.seed % _MAX_SEED
    return body


def _text(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
