"""The gallery the plain way: a ModelSerializer over rows with what it reads joined."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import generics, serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import BaseThrottle

from benchmarks.plain.views import JSendPagination
from generation.services.file_links import file_path
from models3d.models import Model3D


class GalleryModelSerializer(serializers.ModelSerializer[Model3D]):
    author = serializers.CharField(source="owner.username")
    format = serializers.CharField(source="source_format")
    favorites = serializers.IntegerField(source="favourites")
    preview_url = serializers.SerializerMethodField()
    turntable_url = serializers.SerializerMethodField()

    class Meta:
        model = Model3D
        fields = [
            *("id", "name", "author", "tags", "origin", "is_procedural", "licence", "format", "is_printable"),
            *("longest_mm", "triangles", "views", "likes", "favorites", "downloads"),
            *("preview_url", "turntable_url", "published_at"),
        ]

    def get_preview_url(self, model: Model3D) -> str:
        return self._link(model.current and model.current.preview_id)

    def get_turntable_url(self, model: Model3D) -> str:
        return self._link(model.current and model.current.turntable_id)

    def _link(self, file_id: Any) -> str:
        url: str = self.context["request"].build_absolute_uri(file_path(file_id))
        return url


class GalleryList(generics.ListAPIView[Model3D]):
    """Public models. Everything is the framework's own, as by default."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
    throttle_classes: list[type[BaseThrottle]] = []
    serializer_class = GalleryModelSerializer
    pagination_class = JSendPagination
    filter_backends = [SearchFilter, OrderingFilter]
    search_fields = ["name", "description"]
    ordering_fields = ["published_at", "likes", "downloads", "views", "trend"]
    ordering = ["-published_at", "-id"]

    def get_queryset(self) -> QuerySet[Model3D]:
        public = Model3D.objects.filter(visibility="public", hidden_at__isnull=True)
        return public.select_related("owner", "current")
