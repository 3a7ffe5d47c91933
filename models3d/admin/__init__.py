"""3D models in the admin: read, and steered by their services."""

from models3d.admin.interactions import (
    ModelDownloadAdmin,
    ModelFavouriteAdmin,
    ModelLikeAdmin,
    ModelViewAdmin,
)
from models3d.admin.models import Model3DAdmin, ModelFileAdmin, ModelVersionAdmin
from models3d.admin.reports import ModelReportAdmin

__all__ = [
    "Model3DAdmin",
    "ModelDownloadAdmin",
    "ModelFavouriteAdmin",
    "ModelFileAdmin",
    "ModelLikeAdmin",
    "ModelReportAdmin",
    "ModelVersionAdmin",
    "ModelViewAdmin",
]
