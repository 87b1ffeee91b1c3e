"""Where development's mail is read; config/urls.py includes this in development alone."""

from django.urls import path

from apps.mail import dev_views as views

urlpatterns = [
    path("", views.mail_list, name="dev_mail_list"),
    path("<str:key>/", views.mail_detail, name="dev_mail_detail"),
    path("<str:key>/html", views.mail_html, name="dev_mail_html"),
]
