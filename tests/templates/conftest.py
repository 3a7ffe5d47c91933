"""A small library, a project, and a model that can be told what to say."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from generation.jobs import gateway
from generation.providers import registry
from templates.models import ContentTemplate, Project
from tests.support.catalogue import catalogue_make
from tests.templates import writer
from tests.templates.factories import category_make, project_of, template_of

WriterFor = Callable[..., None]


@pytest.fixture
def client(alice: User, client_for: Any) -> APIClient:
    return client_for(alice)


@pytest.fixture
def library(db: None) -> list[ContentTemplate]:
    """Two shared templates in two categories."""
    product = category_make(code="product", name_zh="产品", name_en="Product")
    launch = category_make(code="launch", name_zh="上线", name_en="Launch")
    return [
        template_of(code="brief", name_zh="产品简介", name_en="Product brief", category=product),
        template_of(code="plan", name_zh="上线计划", name_en="Launch plan", category=launch),
    ]


@pytest.fixture
def tea(alice: User) -> Project:
    return project_of(alice, code="tea-house", name_zh="云上茶馆", name_en="Cloud Tea House")


@pytest.fixture
def paid(settings: Any, db: None) -> Iterator[WriterFor]:
    """A model that costs money is configured; call it to choose the providers' names."""

    def choose(*names: str) -> None:
        writer.configure(settings, *names)
        registry.reset()

    catalogue_make()
    gateway.reset()
    writer.reset()
    choose()
    yield choose
    writer.reset()
    registry.reset()
