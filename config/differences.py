"""What each environment's settings change of production's, and why; the suite compares them."""

# These carry the environment's name, so that two environments can share a server by mistake and
# still not read each other's entries.
NAMED = (
    "ENVIRONMENT",
    "CACHES",
    "CELERY_BROKER_TRANSPORT_OPTIONS",
    "CELERY_TASK_DEFAULT_QUEUE",
)

DIFFERENCES: dict[str, dict[str, str]] = {
    "staging": {
        "NOINDEX": "Search engines stay out.",
        "SHOWN_AS": "A banner on every page and the subject of each mail say what this is.",
        "MAIL_ALLOWLIST": "Mail goes to nobody else.",
        "SECURE_HSTS_SECONDS": "An hour: a staging address must not be bound to HTTPS for a year.",
        "SECURE_HSTS_INCLUDE_SUBDOMAINS": "It must not bind its neighbours either.",
        "SILENCED_SYSTEM_CHECKS": "Silences the warning about the subdomains.",
    },
    "development": {
        "DEBUG": "Error pages show code.",
        "ALLOWED_HOSTS": "Loopback alone.",
        "SECURE_SSL_REDIRECT": "Loopback has no TLS.",
        "SECURE_HSTS_SECONDS": "Loopback has no TLS.",
        "SESSION_COOKIE_SECURE": "Loopback has no TLS.",
        "CSRF_COOKIE_SECURE": "Loopback has no TLS.",
        "SESSION_COOKIE_NAME": "A browser keeps a __Host- cookie only with TLS.",
        "CSRF_COOKIE_NAME": "A browser keeps a __Host- cookie only with TLS.",
        "STORAGES": "Static files are read from their sources, with no step in between.",
        "DEV_MAIL_DIR": "Where /dev/mail/ reads the mail that was sent.",
        "LOGGING": "Lines are laid out for people.",
    },
    "test": {
        "STORAGES": "Static files are read from their sources, with no step in between.",
        "WHITENOISE_USE_FINDERS": "Static files are read from their sources.",
        "WHITENOISE_AUTOREFRESH": "Static files are read from their sources.",
    },
}
