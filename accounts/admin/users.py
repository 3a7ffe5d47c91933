"""Accounts in the back office."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from accounts.models import User
from accounts.selectors import principal_forget
from config.admin_site import Audited

admin.site.unregister(Group)
admin.site.unregister([BlacklistedToken, OutstandingToken])  # numbers of tokens: nothing to see or to change


class UserChangeForm(forms.ModelForm):
    """Without the password, not even the summary of its hash: it has a form of its own."""

    class Meta:
        model = User
        fields = [
            "username",
            "email",
            "language",
            "theme",
            "notifications",
            "is_active",
            "is_staff",
            "is_superuser",
        ]
        field_classes = {"username": UsernameField}


@admin.register(User)
class UserAdmin(Audited, BaseUserAdmin, ModelAdmin):
    """Who isn't a superuser can neither make one nor change one, nor give rights to anybody."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    list_display = ("username", "email", "is_staff", "is_active", "language", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "language", "date_joined")
    search_fields = ("username", "email")
    search_help_text = _("Username or e-mail address, or a part of it")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    show_full_result_count = False
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = ("id", "change_password", "last_login", "date_joined", "password_changed_at")
    fieldsets = (
        (None, {"fields": ("id", "username", "email", "change_password")}),
        (_("Settings"), {"fields": ("language", "theme", "notifications")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("date_joined", "last_login", "password_changed_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "language", "password1", "password2")}),
    )
    RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

    @admin.display(description=_("password"))
    def change_password(self, user: User) -> str:
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, _("Set a new password"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *self.RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django writes its log after the change, outside of a transaction; here both are there or neither."""
        with transaction.atomic():
            answer: HttpResponse = super().user_change_password(request, id, form_url)
        return answer

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        principal_forget(obj.pk)

    @staticmethod
    def _may_touch(request: HttpRequest, obj: Any) -> bool:
        return obj is None or not obj.is_superuser or bool(request.user.is_superuser)


@admin.register(Group)
class GroupAdmin(Audited, BaseGroupAdmin, ModelAdmin):
    pass
