"""From where a mesh is looked at first: as in its preview, so that nothing jumps when the viewer takes its place."""

from collections.abc import Sequence

AZIMUTH = 32


def orbit(size_mm: Sequence[float]) -> str:
    """As model-viewer writes it: degrees from the front, degrees from above, as near as fits. Flat things are looked at
    from above, tall ones from the side."""
    width, depth, height = size_mm
    flatness = 1 - min(height / max(width, depth, 1e-9), 1)
    return f"{AZIMUTH}deg {70 - 30 * flatness**2:.0f}deg auto"
