"""Production's settings, the base of all others: safe as written, with nothing left to add."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
import django
from django.contrib.messages import constants as message_levels

from apps.core import headers
from apps.core.logs import logging_config
from apps.core.sentry import start_sentry
from config import machine
from config.env import BASE_DIR, load
from config.product import PRODUCT
from config.social import social_providers

ENV = load()
ENVIRONMENT = ENV.environment
RELEASE = ENV.release
RELEASE_HEADER = ENV.RELEASE_HEADER
PLATFORM = ENV.platform

# The site
SECRET_KEY = ENV.SECRET_KEY
SECRET_KEY_FALLBACKS = ENV.SECRET_KEY_FALLBACKS
DEBUG = False
SITE_URL = ENV.SITE_URL
SITE_HOST = urlsplit(SITE_URL).hostname or ""
ALLOWED_HOSTS = [SITE_HOST, *ENV.ALLOWED_HOSTS]
CSRF_TRUSTED_ORIGINS = [SITE_URL, *ENV.TRUSTED_ORIGINS]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Whether search engines are kept out, and what the banner on every page calls the environment.
NOINDEX = False
SHOWN_AS = ""
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
    "corsheaders",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "apps.accounts.social_app.SocialAccountConfig",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.microsoft",
]

MIDDLEWARE = [
    "apps.core.client_address.ClientAddressMiddleware",
    headers.CSP_MIDDLEWARE,
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.headers.HeadersMiddleware",
    "apps.core.middleware.RequestMiddleware",
    "apps.core.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.CacheControlMiddleware",
    "apps.core.middleware.CanonicalHostMiddleware",
    "apps.core.bad_input.BadInputMiddleware",
    # Before the first that asks the database.
    "apps.core.timing.TimingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.sessions.ActivityMiddleware",
    "apps.core.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.limits.LimitMiddleware",
    "apps.tenants.middleware.TenantMiddleware",
    # After the one before, which breaks off a transaction at an exception: this one answers the
    # exception that asks for the password again, and reads for it how somebody can give it.
    "allauth.account.middleware.AccountMiddleware",
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
                headers.CSP_CONTEXT_PROCESSOR,
            ],
        },
    },
]
FORM_RENDERER = "apps.core.forms.HouseRenderer"
# A message is kept with the session: Django's first choice is a cookie that lacks __Host-.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_TAGS = {message_levels.ERROR: "bad", message_levels.SUCCESS: "good"}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ALLOW_ALL_ORIGINS = False
IN_A_FOLDER = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": str(ENV.FILES_ROOT)},
}
IN_A_BUCKET = {
    "BACKEND": "apps.transfers.storage.BucketStorage",
    "OPTIONS": {
        "bucket_name": urlsplit(ENV.FILES_URL).netloc,
        "location": urlsplit(ENV.FILES_URL).path.strip("/"),
        "endpoint_url": ENV.FILES_ENDPOINT or None,
        "region_name": ENV.FILES_REGION,
        "access_key": ENV.FILES_ACCESS_KEY,
        "secret_key": ENV.FILES_SECRET_KEY,
    },
}
STORAGES: dict[str, Any] = {
    "default": IN_A_BUCKET if ENV.FILES_URL else IN_A_FOLDER,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Nothing that is taken in comes near it; up to here, too large a file gets its form's answer.
MAX_BODY_BYTES = 25 * 1024 * 1024
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
        conn_max_age=0 if ENV.DATABASE_POOL else 600,
        conn_health_checks=True,
    )
}
if ENV.DATABASE_POOL:
    shared = {"min_size": 1, "max_size": ENV.DATABASE_POOL, "timeout": 10}
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = shared
# A thread has no request time-out of its own, so the database ends what runs away. `migrate` makes
# these the role's own: a pooler lets no connection bring options along.
DATABASE_TIMEOUTS = {
    # Less than gunicorn's graceful_timeout, so that a stop waits for whatever has begun.
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}
DATABASE_OWNER_URL = ENV.DATABASE_OWNER_URL
# A release's limits, in seconds: `manage.py release` migrates under these in place of the ones
# above, since a migration may read a whole table, and must not hold up whoever uses it.
RELEASE_LOCK_TIMEOUT = ENV.RELEASE_LOCK_TIMEOUT
RELEASE_STATEMENT_TIMEOUT = ENV.RELEASE_STATEMENT_TIMEOUT
RELEASE_WAIT = ENV.RELEASE_WAIT
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sessions are rows: kept in the cache, a dead Redis would be an error on every signed-in page.
# They end after SESSION_COOKIE_AGE, and sooner when nobody uses them.
SESSION_ENGINE = "apps.accounts.sessions"
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.errors.csrf_failure"

# Backups: a dump of everything, encrypted, where the platform's loss does not reach it.
BACKUP_URL = ENV.BACKUP_URL
BACKUP_STORE = {
    "endpoint": ENV.BACKUP_ENDPOINT,
    "region": ENV.BACKUP_REGION,
    "access_key_id": ENV.BACKUP_ACCESS_KEY,
    "secret_access_key": ENV.BACKUP_SECRET_KEY,
}
BACKUP_RECIPIENTS = ENV.BACKUP_RECIPIENTS
BACKUP_KEEP = {
    "daily": ENV.BACKUP_KEEP_DAILY,
    "weekly": ENV.BACKUP_KEEP_WEEKLY,
    "monthly": ENV.BACKUP_KEEP_MONTHLY,
}
BACKUP_IDENTITY = ENV.BACKUP_IDENTITY

# The wire
CLIENT_ADDRESS_RULE = ENV.CLIENT_ADDRESS_FROM
# Without a proxy in front, whoever asks could say of plain HTTP that it was HTTPS.
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if CLIENT_ADDRESS_RULE.has_proxy else None
)
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if django.VERSION >= (6, 0):
    SECURE_CSP = headers.declared(sign_in_with=social_providers(ENV))
else:
    CONTENT_SECURITY_POLICY = {"DIRECTIVES": headers.declared(sign_in_with=social_providers(ENV))}
# Scripts of the declared origins may read what lies under /api/, and nothing else; no cookie goes
# along, so they never read it as the person whose browser it is.
CORS_ALLOWED_ORIGINS = ENV.TRUSTED_ORIGINS
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_CREDENTIALS = False
SILENCED_SYSTEM_CHECKS = [
    # HSTS preloading cannot be undone within months, so it is a founder's decision, not a default.
    "security.W021",
]

# Redis or Valkey: a page never waits long for it, and goes on without it.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "apps.core.cache.ResilientRedisCache",
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
CELERY_WORKER_CONCURRENCY = ENV.WORKER_CONCURRENCY or machine.processes(machine.this_machine())
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
JOBS_KEPT_DAYS = ENV.JOBS_KEPT_DAYS
DEAD_JOBS_KEPT_DAYS = ENV.DEAD_JOBS_KEPT_DAYS
CELERY_BEAT_SCHEDULE = {
    "sweep jobs": {"task": "jobs.sweep", "schedule": 15.0},
    "settle mail": {"task": "mail.settle", "schedule": 60.0},
    "purge jobs": {"task": "jobs.purge", "schedule": 3600.0},
    "purge mail": {"task": "mail.purge", "schedule": 3600.0},
    "purge transfers": {"task": "transfers.purge", "schedule": 3600.0},
    "purge sessions": {"task": "accounts.purge_sessions", "schedule": 3600.0},
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
MAIL_BACKEND, MAIL_TRANSPORT = "apps.mail.backend.QueuedBackend", "apps.mail.transport.SmtpBackend"
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {"BACKEND": MAIL_BACKEND},
        "smtp": {"BACKEND": MAIL_TRANSPORT, "OPTIONS": SMTP},
    }
else:
    EMAIL_BACKEND = MAIL_BACKEND

# Whom mail may be from. A provider signs for declared domains alone, and whoever could choose a
# sender would write in the product's name.
MAIL_DOMAINS = ENV.MAIL_DOMAINS or [parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()]
# Whose server it is, and what proves that a report is theirs.
MAIL_PROVIDER = ENV.MAIL_PROVIDER
MAIL_WEBHOOK_SECRET = ENV.MAIL_WEBHOOK_SECRET
# Who may get mail; None is everybody.
MAIL_ALLOWLIST: list[str] | None = None

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["apps.accounts.backend.PasswordBackend"]
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
# A reset is answered with a mail either way, or else how long the page takes would tell of it.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_CONFIRMATION_AUTHENTICATED_REDIRECT_URL = "/accounts/email/"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_REDIRECT_URL = "landing"
ACCOUNT_SESSION_REMEMBER = True
# Behind our own limits, which answer first: theirs are at least twice as high, since twice is what
# ours, in fixed windows, let through at an edge. Failures are counted by the adapter's key, so that
# no stranger's shut out the account's owner.
ACCOUNT_RATE_LIMITS = {
    "login": "40/m/ip",
    "login_failed": "40/m/ip,10/5m/key",
    "signup": "20/h/ip",
    "reset_password": "40/h/ip,12/h/key",
    "reset_password_from_key": "40/h/ip",
    "reauthenticate": "10/5m/user",
    "change_password": "20/h/user",
}
# Two-step sign-in: something that one has beside the password. A passkey does for both.
MFA_ADAPTER = "apps.accounts.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = PRODUCT.name
# A code may be one period old, since clocks differ and people type; it still works only once.
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "activate_totp": "apps.accounts.mfa_forms.ActivateTOTPForm",
    "add_webauthn": "apps.accounts.mfa_forms.AddPasskeyForm",
    "authenticate": "apps.accounts.mfa_forms.AuthenticateForm",
    "authenticate_webauthn": "apps.accounts.mfa_forms.AuthenticatePasskeyForm",
    "edit_webauthn": "apps.accounts.mfa_forms.EditPasskeyForm",
    "login_webauthn": "apps.accounts.mfa_forms.LoginPasskeyForm",
    "reauthenticate": "apps.accounts.mfa_forms.ReauthenticateForm",
    "reauthenticate_webauthn": "apps.accounts.mfa_forms.ReauthenticatePasskeyForm",
}

# Signing in through others: a button for each whose keys are set.
SOCIALACCOUNT_ADAPTER = "apps.accounts.social.SocialAdapter"
SOCIALACCOUNT_FORMS = {"signup": "apps.accounts.social_forms.SocialSignupForm"}
SOCIALACCOUNT_PROVIDERS = social_providers(ENV)
# An account is not joined for its address alone; the adapter knows the one exception.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False

# What the machine tells of itself
LOGGING = logging_config(level=ENV.LOG_LEVEL, pretty=False, release=RELEASE)
LOGGING_CONFIG = "apps.core.logs.configure"
start_sentry(dsn=ENV.SENTRY_DSN, environment=ENVIRONMENT, release=RELEASE)
