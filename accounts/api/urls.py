"""Addresses below /api/v1/auth/."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("register", views.UserRegisterApi.as_view()),
    path("login", views.UserLoginApi.as_view()),
    path("refresh", views.TokenRefreshApi.as_view()),
    path("logout", views.UserLogoutApi.as_view()),
    path("password", views.PasswordChangeApi.as_view()),
    path("me", views.MeApi.as_view()),
    path("updateMe", views.UpdateMeApi.as_view()),
]
