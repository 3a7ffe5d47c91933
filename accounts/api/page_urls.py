"""Addresses of the pages that links in e-mails lead to."""

from django.urls import path

from accounts.api.views import pages
from accounts.services.links import Link

urlpatterns = [
    path(Link.PASSWORD, pages.PasswordPage.as_view()),
    path(Link.EMAIL, pages.EmailPage.as_view()),
    path(Link.INVITATION, pages.RegisterPage.as_view()),
]
