"""Addresses of 3D models."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
