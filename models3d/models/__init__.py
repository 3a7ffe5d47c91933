"""3D models, their versions and files, and what people do with those that are public."""

from models3d.models.interactions import (
    ModelDownload,
    ModelFavourite,
    ModelLike,
    ModelReport,
    ModelView,
)
from models3d.models.models import Model3D, ModelFile, ModelVersion

__all__ = [
    "Model3D",
    "ModelDownload",
    "ModelFavourite",
    "ModelFile",
    "ModelLike",
    "ModelReport",
    "ModelVersion",
    "ModelView",
]
