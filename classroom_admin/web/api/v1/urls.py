"""URLs of the API. They have no trailing slash."""

from django.urls import include, path, re_path

from classroom_admin.web.api.v1 import documentation
from classroom_admin.web.api.v1.api import api, nothing_here, openapi_json

_paths, _app, _namespace = api.urls
urlpatterns = [
    path("openapi.json", openapi_json, name="api_document"),
    path("docs", documentation.page, name="api_docs"),
    path("", include((_paths, _namespace))),
    re_path(r"^.*$", nothing_here, name="api_nothing"),
]
