"""The prompts the plain way: ModelSerializers over prefetched rows."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import generics, serializers
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework_simplejwt.authentication import JWTAuthentication

from benchmarks.plain.views import JSendPagination
from prompts.models import Prompt, PromptLabel, Tag
from prompts.models.prompts import METRICS


class TagSerializer(serializers.ModelSerializer[Tag]):
    class Meta:
        model = Tag
        fields = ["id", "name", "color"]


class LabelSerializer(serializers.ModelSerializer[PromptLabel]):
    version = serializers.IntegerField(source="version.number")

    class Meta:
        model = PromptLabel
        fields = ["name", "version"]


class PromptSerializer(serializers.ModelSerializer[Prompt]):
    labels = LabelSerializer(many=True, read_only=True)
    tags = TagSerializer(many=True, read_only=True)
    metrics = serializers.SerializerMethodField()

    class Meta:
        model = Prompt
        fields = [
            "id",
            "title",
            "folder",
            "platform",
            "url",
            "content",
            "variables",
            "response",
            "version",
            "labels",
            "tags",
            "is_favorite",
            "is_auto_saved",
            "usage_count",
            "last_used_at",
            "metrics",
            "created_at",
            "updated_at",
        ]

    def get_metrics(self, prompt: Prompt) -> dict[str, int | None]:
        return {name: getattr(prompt, name) for name in METRICS}


class PromptView(generics.GenericAPIView[Prompt]):
    """The owner's prompts, with what the serializer reads. Everything is the framework's own, as by default."""

    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer]
    throttle_classes: list[type[BaseThrottle]] = []
    serializer_class = PromptSerializer

    def get_queryset(self) -> QuerySet[Prompt]:
        labels = PromptLabel.objects.select_related("version").defer("version__content").order_by("name")
        tags = Tag.objects.order_by("key")
        return Prompt.objects.filter(owner_id=self.request.user.pk).prefetch_related(
            Prefetch("labels", labels), Prefetch("tags", tags)
        )


class PromptList(PromptView, generics.ListAPIView[Prompt]):
    pagination_class = JSendPagination
    filter_backends = [SearchFilter, OrderingFilter]
    search_fields = ["title", "content"]
    ordering_fields = ["created_at", "updated_at", "title"]
    ordering = ["-created_at", "-id"]


class PromptDetail(PromptView, generics.RetrieveAPIView[Prompt]):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response({"status": "success", "data": self.get_serializer(self.get_object()).data})
