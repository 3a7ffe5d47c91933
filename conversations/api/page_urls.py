"""Where shared conversations are read, outside of /api/v1."""

from django.urls import path

from conversations.api.views.pages import shared_conversation
from conversations.api.views.shares import PAGE_ROUTE

urlpatterns = [path("shared/<str:token>", shared_conversation, name=PAGE_ROUTE)]
