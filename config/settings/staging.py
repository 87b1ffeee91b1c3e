"""Staging: production's settings with its own secrets and servers, seen and mailed by few."""

from config.settings.production import *  # noqa: F403  (the base, whole)
from config.settings.production import ENV

# A staging address is often a subdomain of the product's: it must not bind the others to HTTPS.
SECURE_HSTS_SECONDS = 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
NOINDEX = True
SHOWN_AS = "Staging"
# The variable has to be set: staging's data may well hold the addresses of real people.
MAIL_ALLOWLIST = ENV.MAIL_ALLOWLIST
