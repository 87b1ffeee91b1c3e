"""The whole surface of the product, on one page."""

from django.conf import settings
from django.urls import include, path

from apps.accounts import views as accounts
from apps.audit import views as audit
from apps.clients import views as clients
from apps.clients.dashboard import dashboard
from apps.core import csp_reports, health
from apps.core import views as core
from apps.jobs import views as jobs
from apps.mail.views import letters, reports, subscriptions
from apps.mail.views import log as mail_log
from apps.ops import round_trips
from apps.ops import views as ops
from apps.tenants.views import invitations, members, ownership, workspaces
from apps.transfers.views import exports, imports, transfers

handler400 = "apps.core.errors.bad_request"
handler403 = "apps.core.errors.forbidden"
handler404 = "apps.core.errors.not_found"
handler429 = "apps.accounts.views.too_many_requests"
handler500 = "apps.core.errors.server_error"

in_tenant = [
    # Clients and the dashboard
    path("", dashboard, name="dashboard"),
    path("clients/", clients.client_list, name="client_list"),
    path("clients/new/", clients.client_create, name="client_create"),
    path(
        "clients/archivals/",
        clients.client_bulk_archival_create,
        name="client_bulk_archival_create",
    ),
    path("clients/<int:pk>/", clients.client_detail, name="client_detail"),
    path("clients/<int:pk>/edit/", clients.client_update, name="client_update"),
    path("clients/<int:pk>/delete/", clients.client_delete, name="client_delete"),
    path("clients/<int:pk>/archival/", clients.archival_create, name="archival_create"),
    path("clients/<int:pk>/archival/delete/", clients.archival_delete, name="archival_delete"),
    path("clients/<int:pk>/notes/", clients.note_create, name="note_create"),
    # Imports, exports and their jobs
    path("transfers/", transfers.transfer_list, name="transfer_list"),
    path("exports/new/<slug:kind>/", exports.export_create, name="export_create"),
    path("exports/<int:pk>/", exports.export_detail, name="export_detail"),
    path("exports/<int:pk>/file/", exports.export_download, name="export_download"),
    path("imports/new/<slug:kind>/", imports.import_create, name="import_create"),
    path("imports/<int:pk>/", imports.import_detail, name="import_detail"),
    path("imports/<int:pk>/sheet/", imports.import_sheet_update, name="import_sheet_update"),
    path("imports/<int:pk>/trial/", imports.import_trial_create, name="import_trial_create"),
    path("imports/<int:pk>/undoing/", imports.import_undoing_create, name="import_undoing_create"),
    path("imports/<int:pk>/start/", imports.import_start, name="import_start"),
    path("imports/<int:pk>/refusals/", imports.import_refusals, name="import_refusals"),
    path(
        "jobs/<int:pk>/cancellation/",
        jobs.job_cancellation_create,
        name="job_cancellation_create",
    ),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<int:pk>/retry/", jobs.job_retry_create, name="job_retry_create"),
    path("jobs/<int:pk>/discard/", jobs.job_discard_create, name="job_discard_create"),
    path("jobs/notices/", jobs.job_notice_list, name="job_notice_list"),
    path("jobs/<int:pk>/notice/delete/", jobs.job_notice_delete, name="job_notice_delete"),
    # What a smoke test asks for
    path("roundtrips/", round_trips.round_trip_create, name="round_trip_create"),
    path("roundtrips/<int:pk>/", round_trips.round_trip_detail, name="round_trip_detail"),
    # Activity and mail
    path("mails/", mail_log.mail_list, name="mail_list"),
    path("activity/", audit.activity_list, name="activity_list"),
    # Members and settings
    path("members/", members.member_list, name="member_list"),
    path("members/<int:pk>/", members.membership_update, name="membership_update"),
    path("members/<int:pk>/delete/", members.membership_delete, name="membership_delete"),
    path("members/<int:pk>/suspension/", members.suspension_create, name="suspension_create"),
    path(
        "members/<int:pk>/suspension/delete/",
        members.suspension_delete,
        name="suspension_delete",
    ),
    path("invitations/new/", invitations.invitation_create, name="invitation_create"),
    path("invitations/<int:pk>/resend/", invitations.invitation_resend, name="invitation_resend"),
    path("invitations/<int:pk>/delete/", invitations.invitation_delete, name="invitation_delete"),
    path("leave/", members.departure_create, name="departure_create"),
    path("ownership/", ownership.ownership_transfer_create, name="ownership_transfer_create"),
    path("settings/", workspaces.workspace_update, name="workspace_update"),
    path(
        "settings/two-step/",
        workspaces.mfa_requirement_create,
        name="mfa_requirement_create",
    ),
    path(
        "settings/two-step/delete/",
        workspaces.mfa_requirement_delete,
        name="mfa_requirement_delete",
    ),
]

urlpatterns = [
    path("", core.landing, name="landing"),
    path("brand.css", core.brand_css, name="brand_css"),
    path("robots.txt", core.robots, name="robots"),
    # Health
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # What browsers report
    path("csp-report", csp_reports.csp_report_create, name="csp_report_create"),
    # What the mail provider reports
    path("mail/reports/<slug:provider>/", reports.mail_report_create, name="mail_report_create"),
    # People
    path("accounts/", include("apps.accounts.urls")),
    path("account/", accounts.profile, name="profile"),
    path("account/email/", accounts.email_change_confirm, name="email_change_confirm"),
    # What one gets by mail; the second and third by the link in a mail, without a sign-in
    path("account/mail/", subscriptions.subscription_list, name="subscription_list"),
    path("unsubscribe/<str:token>/", subscriptions.unsubscription, name="unsubscription"),
    path(
        "unsubscribe/<str:token>/undo/",
        subscriptions.unsubscription_delete,
        name="unsubscription_delete",
    ),
    path("account/notices/", jobs.notice_list, name="notice_list"),
    # Workspaces
    path("home/", workspaces.home, name="home"),
    path("workspaces/", workspaces.workspace_list, name="workspace_list"),
    path("workspaces/new/", workspaces.workspace_create, name="workspace_create"),
    path(
        "workspaces/invitations/<int:pk>/acceptance/",
        invitations.acceptance_create,
        name="acceptance_create",
    ),
    path(
        "workspaces/<slug:slug>/two-step/",
        workspaces.second_factor_needed,
        name="second_factor_needed",
    ),
    path("invitations/<str:token>/", invitations.invitation_accept, name="invitation_accept"),
    path("t/<slug:slug>/", include(in_tenant)),
    # Those who run the product
    path("operations/", ops.operations, name="operations"),
    path("operations/mail/", mail_log.operations_mail_list, name="operations_mail_list"),
    path("operations/letters/", letters.letter_list, name="letter_list"),
    path("operations/letters/<slug:template>/", letters.letter_detail, name="letter_detail"),
    path(
        "operations/letters/<slug:template>/<slug:theme>",
        letters.letter_html,
        name="letter_html",
    ),
]

if settings.ENVIRONMENT == "development":
    urlpatterns += [path("dev/mail/", include("apps.mail.dev_urls"))]
