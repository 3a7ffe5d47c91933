"""Accounts in the admin."""

from collections import Counter
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from accounts.admin.budgets import limit_link, months_link
from accounts.domain.names import folded, folded_email
from accounts.models import User
from accounts.services.deletion import account_delete, owned_counts
from accounts.services.recovery import password_reset_request
from accounts.services.users import CHANGEABLE, RIGHTS, password_save, user_set_rights, user_update
from config.admin.actions import run_each
from config.admin.base import Audited
from config.admin.cells import anchor

admin.site.unregister(Group)


class Addressed(forms.ModelForm):
    """Tells in their places what else only the database's constraints would say, by their names."""

    def clean_username(self) -> str:
        return self._own("username", _("A user with that username already exists."))

    def clean_email(self) -> str:
        return self._own("email", _("A user with that e-mail address already exists."))

    def _get_validation_exclusions(self) -> set[str]:
        """A name from before a rule may stay while something else is changed."""
        kept = set() if self.instance._state.adding else {"username", "email"} - {*self.changed_data}
        return super()._get_validation_exclusions() | kept  # type: ignore[misc, no-any-return]

    def _own(self, name: str, complaint: Any) -> str:
        """The field's value, which nobody else has in any case of its letters."""
        value = str(self.cleaned_data[name])
        fold = folded_email if name == "email" else folded
        others = User.objects.exclude(pk=self.instance.pk)
        if others.filter(**{f"{name}_folded": fold(value)}).exists():
            raise forms.ValidationError(complaint, code="unique")
        return value


class UserAddForm(Addressed, UserCreationForm):
    """A new account, with the password that `UserAdmin.add_view` has hashed."""

    hashed_password = ""

    def set_password_and_save(self, user: User, *args: Any, **kwargs: Any) -> User:
        user.password = self.hashed_password
        return user


class PasswordSetForm(AdminPasswordChangeForm):
    """Hashes the new password; it is kept together with the audit's entry (`UserAdmin.log_change`)."""

    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit=False)
        return user


class UserChangeForm(Addressed):
    """Without the password, not even the summary of its hash: it has a form of its own."""

    class Meta:
        model = User
        fields = [
            "username",
            "email",
            "language",
            "theme",
            "notifications",
            "is_email_confirmed",
            "is_active",
            "is_staff",
            "is_superuser",
        ]
        field_classes = {"username": UsernameField}


PERMISSION_WORDS = {
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "view": _("look at"),
}


class PermissionsField(forms.ModelMultipleChoiceField):
    """Permissions in words: Django keeps their names in English."""

    def label_from_instance(self, obj: Any) -> str:
        model = obj.content_type.model_class()
        if model is None:
            return str(obj)
        verb = PERMISSION_WORDS.get(obj.codename.partition("_")[0], obj.name)
        app = apps.get_app_config(obj.content_type.app_label).verbose_name
        return f"{app} · {model._meta.verbose_name_plural} · {verb}"


class NamesPermissions:
    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Permission:
            kwargs["form_class"] = PermissionsField
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


@admin.register(User)
class UserAdmin(NamesPermissions, Audited, BaseUserAdmin, ModelAdmin):
    """Who isn't a superuser can neither make one nor change one, nor give rights to anybody."""

    form = UserChangeForm
    add_form = UserAddForm
    change_password_form = PasswordSetForm

    list_display = ("username", "email", "is_staff", "is_active", "language", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "language", "date_joined")
    search_fields = ("username", "email")
    search_help_text = _("Username or e-mail address, or a part of it")
    ordering = ("-date_joined",)
    date_hierarchy = "date_joined"
    show_full_result_count = False
    filter_horizontal = ("groups", "user_permissions")
    readonly_fields = (
        "row_id",
        "change_password",
        "budget_limit",
        "budget_months",
        "last_login",
        "date_joined",
        "password_changed_at",
    )
    fieldsets = (
        (None, {"fields": ("row_id", "username", ("email", "is_email_confirmed"), "change_password")}),
        (_("Settings"), {"fields": ("language", "theme", "notifications")}),
        (_("Budget"), {"fields": (("budget_limit", "budget_months"),)}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("date_joined", "last_login", "password_changed_at")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "language", "password1", "password2")}),
    )
    actions = ("send_password_reset",)
    RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

    @admin.action(description=_("Send the selected users a link to a new password"), permissions=["change"])
    def send_password_reset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        def ask(user: User) -> bool:
            password_reset_request(login=user.username)
            return True

        run_each(
            request,
            queryset,
            ask,
            done=lambda n: ngettext("A link goes to %d user.", "Links go to %d users.", n) % n,
        )

    @admin.display(description=_("password"))
    def change_password(self, user: User) -> str:
        return anchor(reverse("admin:auth_user_password_change", args=[user.pk]), _("Set a new password"))

    @admin.display(description=_("monthly limit"))
    def budget_limit(self, user: User) -> str:
        return limit_link(user)

    @admin.display(description=_("months"))
    def budget_months(self, user: User) -> str:
        return months_link(user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *self.RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The password is hashed before Django opens the transaction in which it reads the form."""
        password = request.POST.get("password1")
        request.hashed_password = make_password(password) if password else ""  # type: ignore[attr-defined]
        answer: HttpResponse = super().add_view(request, *args, **kwargs)
        return answer

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, *args, **kwargs)
        if obj is None:
            form.hashed_password = getattr(request, "hashed_password", "")
        return form

    @transaction.atomic
    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """A new password, which its form has only hashed, is kept together with the audit's entry."""
        if "password" in message:
            password_save(user=obj)
        super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        account_delete(user_id=obj.pk)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[Any, dict[Any, int], set[Any], list[Any]]:
        """What goes with the accounts, counted by kind: Django would load every row to name it."""
        counts: Counter[str] = Counter()
        for user in objs:
            for model, number in owned_counts(user.pk).items():
                counts[str(model._meta.verbose_name_plural)] += number
        missing = set() if self.has_delete_permission(request) else {self.opts.verbose_name}
        superusers = {str(user) for user in objs if not self.has_delete_permission(request, user)}
        return [str(user) for user in objs], dict(counts), missing | superusers, []

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        user = User.objects.get(pk=obj.pk)
        user_update(user=user, **{name: value for name, value in changed.items() if name in CHANGEABLE})
        user_set_rights(user=user, **{name: value for name, value in changed.items() if name in RIGHTS})

    @staticmethod
    def _may_touch(request: HttpRequest, obj: Any) -> bool:
        return obj is None or not obj.is_superuser or bool(request.user.is_superuser)


@admin.register(Group)
class GroupAdmin(NamesPermissions, Audited, BaseGroupAdmin, ModelAdmin):  # type: ignore[misc]
    pass
