"""The addresses of the web process."""

from __future__ import annotations

from django.urls import include, path, re_path
from django.views.decorators.http import require_safe

from hudhud.app import demo, errors, metrics, spa
from hudhud.app.api import build

api = build()
urlpatterns = [
    path("api/v1/", api.urls),
    path("_allauth/", include("allauth.headless.urls")),
    path("demo/pictures/<slug:sku>.svg", demo.show_picture),
    path("metrics", metrics.page),
    re_path(r"^(?:api|_allauth|assets)(?:/.*)?$", errors.not_found),
    re_path(r"^(?P<path>.*)$", require_safe(spa.page)),
]
handler404 = errors.not_found
handler500 = errors.server_error
