"""The whole surface of the product, on one page."""

from django.urls import include, path

from apps.accounts import views as accounts
from apps.core import views as core
from apps.tenants import views as tenants

handler400 = "apps.core.errors.bad_request"
handler403 = "apps.core.errors.forbidden"
handler404 = "apps.core.errors.not_found"
handler500 = "apps.core.errors.server_error"

in_tenant = [
    # Clients and the dashboard
    # Imports, exports and their jobs
    # Activity
    # Members and settings
    path("settings/", tenants.workspace_update, name="workspace_update"),
]

urlpatterns = [
    path("", core.landing, name="landing"),
    path("brand.css", core.brand_css, name="brand_css"),
    path("robots.txt", core.robots, name="robots"),
    # Health
    # People
    path("accounts/", include("allauth.account.urls")),
    path("account/", accounts.profile, name="profile"),
    # Workspaces
    path("workspaces/", tenants.workspace_list, name="workspace_list"),
    path("workspaces/new/", tenants.workspace_create, name="workspace_create"),
    path("t/<slug:slug>/", include(in_tenant)),
]
