"""What an image costs, without a vendor's own counting.

- OpenAI (developers.openai.com/api/docs/guides/images-vision): a base and a price for each tile of 512 pixels, or
  patches of 32 pixels times up to 2.46 for the small models; gpt-4o-mini counts 33 times what gpt-4o does.
- Qwen: 28 or 32 pixels square a token, at most 16,384 (its model cards).
- Moonshot: 1,024 for any image (www.kimi.com/help/kimi-api/api-model-selection). DeepSeek: at most 384.
- Nova (docs.aws.amazon.com/nova/latest/userguide/modalities-image.html): some thousand for the largest.
"""

from __future__ import annotations

import re
from typing import Final

_PATCH: Final = 28
_DEAREST_PATCH: Final = 2.5
_LEAST: Final = 1_100
_MOST: Final = 16_384
_MINI: Final = re.compile(r"(openai[/.])?gpt-4o-mini[\w.:-]*")


def image_tokens(width: int, height: int, model: str = "") -> int:
    """An upper estimate for an image of so many pixels, for `model` or whichever is the dearest."""
    if _MINI.fullmatch(model):
        return 2_833 + 5_667 * _tiles(width, height)
    patches = -(-width // _PATCH) * -(-height // _PATCH)
    return min(max(round(_DEAREST_PATCH * patches), _LEAST), _MOST)


def _tiles(width: int, height: int) -> int:
    """Of 512 pixels, after the image was fitted into 2,048 and its shorter side into 768."""
    shorter, longer = sorted((max(width, 1), max(height, 1)))
    scale = min(1.0, 2_048 / longer)
    scale = min(scale, 768 / shorter)
    return max(1, -(-round(shorter * scale) // 512)) * max(1, -(-round(longer * scale) // 512))
