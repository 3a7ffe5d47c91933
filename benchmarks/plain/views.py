"""Generic views over querysets with the usual joins and prefetches."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from rest_framework import generics
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework_simplejwt.authentication import JWTAuthentication

from benchmarks.plain.serializers import DocumentDetailSerializer, DocumentSerializer
from templates.models import Document, DocumentVersion
from templates.models.documents import STALE


class JSendPagination(PageNumberPagination):
    page_size = 20
    page_size_query_param = "limit"
    max_page_size = 100

    def get_paginated_response(self, data: Any) -> Response:
        assert self.page is not None
        meta = {
            "page": self.page.number,
            "limit": self.page.paginator.per_page,
            "total": self.page.paginator.count,
            "total_is_capped": False,
            "pages": self.page.paginator.num_pages,
            "has_next": self.page.has_next(),
            "next_cursor": None,
        }
        return Response({"status": "success", "data": data, "meta": meta})


class DocumentView(generics.GenericAPIView[Document]):
    """The owner's documents, with what the serializer reads. Everything is the framework's own, as by default."""

    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer]
    throttle_classes: list[type[BaseThrottle]] = []

    def get_queryset(self) -> QuerySet[Document]:
        documents = (
            Document.objects.filter(owner_id=self.request.user.pk)
            .annotate(is_stale=STALE)
            .select_related("project", "content_template")
        )
        language = self.request.query_params.get("language")
        return documents.filter(language=language) if language else documents


class DocumentList(DocumentView, generics.ListAPIView[Document]):
    serializer_class = DocumentSerializer
    pagination_class = JSendPagination
    filter_backends = [SearchFilter, OrderingFilter]
    search_fields = ["title"]
    ordering_fields = ["created_at", "updated_at", "title", "characters"]
    ordering = ["-created_at", "-id"]


class DocumentDetail(DocumentView, generics.RetrieveAPIView[Document]):
    serializer_class = DocumentDetailSerializer

    def get_queryset(self) -> QuerySet[Document]:
        versions = DocumentVersion.objects.defer("content").order_by("-number")
        return (
            super().get_queryset().select_related("latest").prefetch_related(Prefetch("versions", versions))
        )

    def retrieve(self, request: Request, *args: Any, **kwargs: UUID) -> Response:
        return Response({"status": "success", "data": self.get_serializer(self.get_object()).data})
