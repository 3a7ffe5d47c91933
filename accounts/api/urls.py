"""Addresses of accounts, below /api/v1."""

from django.urls import path

from accounts.api.views import activities, auth, keys, recovery, sessions, tokens

urlpatterns = [
    path("auth/register", auth.UserRegisterApi.as_view()),
    path("auth/login", auth.UserLoginApi.as_view()),
    path("auth/refresh", auth.TokenRefreshApi.as_view()),
    path("auth/logout", sessions.UserLogoutApi.as_view()),
    path("auth/logout-everywhere", sessions.LogoutEverywhereApi.as_view()),
    path("auth/sessions", sessions.LoginSessionListApi.as_view()),
    path("auth/sessions/<uuid:session_id>", sessions.LoginSessionApi.as_view()),
    path("auth/password-reset", recovery.PasswordResetRequestApi.as_view()),
    path("auth/password-reset/confirm", recovery.PasswordResetApi.as_view()),
    path("auth/confirm-email", recovery.EmailConfirmApi.as_view()),
    path("auth/confirm-email/send", recovery.ConfirmationRequestApi.as_view()),
    path("auth/password", auth.PasswordChangeApi.as_view()),
    path("auth/me", auth.MeApi.as_view(), name="me"),
    path("auth/updateMe", auth.UpdateMeApi.as_view()),
    path("access-tokens", tokens.AccessTokenListApi.as_view()),
    path("access-tokens/<uuid:token_id>", tokens.AccessTokenApi.as_view(), name="access-token"),
    path("api-keys", keys.ProviderKeyListApi.as_view()),
    path("api-keys/verify", keys.ProviderKeyTryApi.as_view()),
    path("api-keys/<uuid:key_id>", keys.ProviderKeyApi.as_view(), name="provider-key"),
    path("api-keys/<uuid:key_id>/verify", keys.ProviderKeyVerifyApi.as_view()),
    path("activities", activities.ActivityListApi.as_view()),
    path("activities/stats", activities.ActivityStatsApi.as_view()),
]
