"""The product's routes with those of development's mail, as config/urls.py has them there."""

from django.urls import include, path

from config import urls

handler404 = urls.handler404
urlpatterns = [*urls.urlpatterns, path("dev/mail/", include("apps.mail.dev_urls"))]
