"""URLs of the API's operations. They have no trailing slash."""

from classroom_admin.web.api.v1.api import api

urlpatterns, _app, _namespace = api.urls
