"""URLs of school sign-on. `key` and `organization_slug` are the name of a provider."""

from django.urls import path

from classroom_admin.web.sign_on import emergency, saml, views

app_name = "sign_on"
urlpatterns = [
    path("school/<slug:key>/", views.begin, name="begin"),
    path("emergency/<slug:code>/", emergency.page, name="emergency"),
    path("school/<slug:key>/callback/", views.callback, name="callback"),
]

# allauth reverses these names, so they have no namespace.
saml_urlpatterns = [
    path("saml/<slug:organization_slug>/acs/", saml.acs, name="saml_acs"),
    path("saml/<slug:organization_slug>/acs/finish/", saml.finish_acs, name="saml_finish_acs"),
    path("saml/<slug:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
    path("saml/<slug:organization_slug>/login/", saml.no_page, name="saml_login"),
    path("saml/<slug:organization_slug>/sls/", saml.no_page, name="saml_sls"),
]
