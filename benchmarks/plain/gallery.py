"""The gallery the plain way: a ModelSerializer over rows with what it reads joined."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import generics, serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.throttling import BaseThrottle

from benchmarks.plain.views import JSendPagination
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
        return self._link(model, "preview.webp")

    def get_turntable_url(self, model: Model3D) -> str:
        return self._link(model, "turntable.webp")

    def _link(self, model: Model3D, name: str) -> str:
        path = reverse("gallery-file", args=[model.pk, name])
        url: str = self.context["request"].build_absolute_uri(path)
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
        return public.select_related("owner")
