"""Production's settings, the base of all others: safe as written, with nothing left to add."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django
from django.contrib.messages import constants as message_levels

from apps.core.logs import logging_config
from apps.core.sentry import start_sentry
from config.env import BASE_DIR, load

ENV = load()
ENVIRONMENT = ENV.environment
RELEASE = ENV.release

# The site
SECRET_KEY = ENV.SECRET_KEY
SECRET_KEY_FALLBACKS = ENV.SECRET_KEY_FALLBACKS
DEBUG = False
SITE_URL = ENV.SITE_URL
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = [SITE_HOST, *ENV.ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [SITE_URL]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
NOINDEX = False
OPERATOR_TOKEN = ENV.OPERATOR_TOKEN

INSTALLED_APPS = [
    "apps.launch",
    "apps.ops",
    "apps.clients",
    "apps.transfers",
    "apps.mail",
    "apps.jobs",
    "apps.audit",
    "apps.tenants",
    "apps.accounts",
    "apps.core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "django_htmx",
    "allauth",
    "allauth.account",
]

MIDDLEWARE = [
    "apps.core.middleware.RequestMiddleware",
    "apps.core.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.CacheControlMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.core.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
]

# Pages
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["apps.core.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.product",
            ],
        },
    },
]
FORM_RENDERER = "apps.core.forms.HouseRenderer"
MESSAGE_TAGS = {message_levels.ERROR: "bad", message_levels.SUCCESS: "good"}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(ENV.FILES_ROOT)},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# The first keeps an upload of any size from filling the disk; the others are Django's own.
FILE_UPLOAD_HANDLERS = [
    "apps.transfers.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

# The database
DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        ENV.DATABASE_URL,
        engine="apps.tenants.postgresql",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
# A thread has no request time-out of its own, so the database ends what runs away.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = (
    "-c statement_timeout=30s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
)
DATABASE_OWNER_URL = ENV.DATABASE_OWNER_URL
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions are rows: kept in the cache, a dead Redis would be an error on every signed-in page.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.errors.csrf_failure"

# The wire
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = [
    # HSTS preloading cannot be undone within months, so it is a founder's decision, not a default.
    "security.W021",
]

# Redis or Valkey: a page never waits long for it.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": ENV.REDIS_URL,
        "KEY_PREFIX": f"slipway:{ENVIRONMENT}",
        "OPTIONS": {"socket_connect_timeout": 0.25, "socket_timeout": 0.25},
    }
}

# The queue: the reasons for these figures stand in docs/decisions.md.
CELERY_BROKER_URL = ENV.REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_TASK_ANNOTATIONS = {"*": {"default_retry_delay": 5}}
CELERY_TASK_TIME_LIMIT = 1500
CELERY_TASK_SOFT_TIME_LIMIT = 1440
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_DEFAULT_QUEUE = f"slipway-{ENVIRONMENT}"
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 2.0,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
    "visibility_timeout": 1800,
    "global_keyprefix": f"slipway-{ENVIRONMENT}-",
}
CELERY_BEAT_SCHEDULE = {
    "sweep jobs": {"task": "jobs.sweep", "schedule": 15.0},
    "settle mail": {"task": "mail.settle", "schedule": 60.0},
    "purge transfers": {"task": "transfers.purge", "schedule": 3600.0},
}

# Mail leaves through the queue, whichever library writes it; the worker speaks SMTP.
DEFAULT_FROM_EMAIL = ENV.DEFAULT_FROM_EMAIL
SERVER_EMAIL = DEFAULT_FROM_EMAIL
SMTP: dict[str, Any] = {
    "host": ENV.EMAIL_URL.host,
    "port": ENV.EMAIL_URL.port,
    "username": ENV.EMAIL_URL.username,
    "password": ENV.EMAIL_URL.password,
    "use_tls": ENV.EMAIL_URL.use_tls,
    "use_ssl": ENV.EMAIL_URL.use_ssl,
    "timeout": 20,
}
MAIL_BACKEND = "apps.mail.backend.QueuedBackend"
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": MAIL_BACKEND}, "smtp": {"OPTIONS": SMTP}}
else:
    EMAIL_BACKEND = MAIL_BACKEND

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{VALIDATION}.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "add_email": "apps.accounts.forms.AddEmailForm",
    "login": "apps.accounts.forms.LoginForm",
    "reset_password": "apps.accounts.forms.ResetPasswordForm",
    "signup": "apps.accounts.forms.SignupForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "apps.accounts.models.display_name"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_SESSION_REMEMBER = True

# What the machine tells of itself
LOGGING = logging_config(level=ENV.LOG_LEVEL, pretty=False, release=RELEASE)
LOGGING_CONFIG = "apps.core.logs.configure"
start_sentry(dsn=ENV.SENTRY_DSN, environment=ENVIRONMENT, release=RELEASE)
