"""ModelSerializers as the framework's tutorial writes them."""

from rest_framework import serializers

from generation.domain.origins import is_small_model
from templates.models import ContentTemplate, Document, DocumentVersion, Project
from templates.models.documents import PERSON


class ProjectSerializer(serializers.ModelSerializer[Project]):
    class Meta:
        model = Project
        fields = ["id", "code", "name_zh", "name_en"]


class ContentTemplateSerializer(serializers.ModelSerializer[ContentTemplate]):
    class Meta:
        model = ContentTemplate
        fields = ["id", "code", "name_zh", "name_en"]


class DocumentVersionSerializer(serializers.ModelSerializer[DocumentVersion]):
    class Meta:
        model = DocumentVersion
        fields = ["id", "number", "title", "created_at"]


class DocumentSerializer(serializers.ModelSerializer[Document]):
    project = ProjectSerializer(read_only=True)
    content_template = ContentTemplateSerializer(read_only=True)
    is_stale = serializers.BooleanField(read_only=True)
    is_small_model = serializers.SerializerMethodField()
    is_edited = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id",
            "project",
            "content_template",
            "language",
            "source_language",
            "title",
            "version",
            "characters",
            "is_stale",
            "provider",
            "model",
            "is_small_model",
            "is_edited",
            "created_at",
            "updated_at",
        ]

    def get_is_small_model(self, document: Document) -> bool:
        return is_small_model(document.provider)

    def get_is_edited(self, document: Document) -> bool:
        return document.provider == PERSON


class DocumentDetailSerializer(DocumentSerializer):
    content = serializers.CharField(source="latest.content", read_only=True, default=None)
    versions = DocumentVersionSerializer(many=True, read_only=True)

    class Meta(DocumentSerializer.Meta):
        fields = [*DocumentSerializer.Meta.fields, "content", "versions"]
