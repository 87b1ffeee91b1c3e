"""Where development's mail is read; config/urls.py includes this in development alone."""

from django.urls import path

from apps.mail import dev_views as views
from apps.mail.views import letters

urlpatterns = [
    path("", views.mail_list, name="dev_mail_list"),
    path("letters/", letters.dev_letter_list, name="dev_letter_list"),
    path("letters/<slug:template>/", letters.dev_letter_detail, name="dev_letter_detail"),
    path("letters/<slug:template>/<slug:theme>", letters.dev_letter_html, name="dev_letter_html"),
    path("<str:key>/", views.mail_detail, name="dev_mail_detail"),
    path("<str:key>/html", views.mail_html, name="dev_mail_html"),
]
