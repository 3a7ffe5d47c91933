"""Addresses of what one has marked, below `me`."""

from django.urls import path

from models3d.api.views.gallery import FavoritedModelListApi, LikedModelListApi

urlpatterns = [
    path("liked-models", LikedModelListApi.as_view()),
    path("favorited-models", FavoritedModelListApi.as_view()),
]
