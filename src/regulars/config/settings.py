"""Django settings. Nothing is open by default; see docs/how-to/small-server.md."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .analytics import analytics_engine
from .home import home, secret


def _version() -> str:
    try:
        return version("regulars")
    except PackageNotFoundError:  # run from a checkout that was not installed
        return "source"


# Before NumPy is loaded. Tables of members are long and narrow: a second thread of its arithmetic
# mostly spins until the first is done, at the cost of whoever else wants the core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PACKAGE = Path(__file__).resolve().parent.parent
HOME = home()

VERSION = _version()
SECRET_KEY = secret("REGULARS_SECRET_KEY")
FIELD_KEY = secret("REGULARS_FIELD_KEY")
INDEX_KEY = secret("REGULARS_INDEX_KEY")
SEAL_KEY = secret("REGULARS_SEAL_KEY")
#: Public keys that seals of this home were signed with before it had the key it has now.
FORMER_SEAL_KEYS = list(filter(None, os.environ.get("REGULARS_FORMER_SEAL_KEYS", "").split(",")))
DEBUG = False
TEST_CLOCK = os.environ.get("REGULARS_TEST_CLOCK") == "1"
ALLOWED_HOSTS = [
    *filter(None, os.environ.get("REGULARS_HOSTS", "").split(",")),
    "localhost",
    "127.0.0.1",
    "[::1]",
]
#: Cookies travel over HTTPS only where the site is served so (REGULARS_ORIGIN=https://...).
ORIGIN = os.environ.get("REGULARS_ORIGIN", "")
SECURE = ORIGIN.startswith("https://")
#: Networks whose X-Forwarded-For is believed: the reverse proxies in front of this server.
PROXIES = list(filter(None, os.environ.get("REGULARS_PROXIES", "").split(",")))
METRICS_TOKEN = os.environ.get("REGULARS_METRICS_TOKEN", "")
#: What reports run on, duckdb or spark, and where Spark then is.
ANALYTICS_ENGINE = analytics_engine()
SPARK_MASTER = os.environ.get("REGULARS_SPARK_MASTER") or "local[*]"
#: A one-time link of this machine's operator then spares owners and managers the second factor.
#: For demos; never the default.
TOTP_OPTIONAL = os.environ.get("REGULARS_TOTP_OPTIONAL") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "regulars.infra",
    "regulars.modules.merchants",
    "regulars.modules.members",
    "regulars.modules.catalog",
    "regulars.modules.ledger",
    "regulars.modules.budgets",
    "regulars.modules.segments",
    "regulars.modules.earning",
    "regulars.modules.tiers",
    "regulars.modules.programmes",
    "regulars.modules.promotions",
    "regulars.modules.pricing",
    "regulars.modules.coupons",
    "regulars.modules.orders",
    "regulars.modules.tills",
    "regulars.modules.notices",
    "regulars.modules.unions",
    "regulars.modules.analytics",
    "regulars.modules.experiments",
    "regulars.modules.surveys",
    "regulars.modules.insight",
    "regulars.modules.recommendations",
    "regulars.modules.steering",
    "regulars.modules.connectors",
]
MIDDLEWARE = [
    "regulars.infra.http.middleware.RequestLog",
    "regulars.infra.http.middleware.SharedWithPages",
    "django.middleware.security.SecurityMiddleware",
    "regulars.infra.http.middleware.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "regulars.config.urls"
WSGI_APPLICATION = "regulars.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _postgres(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # The settling path sends the same few statements; prepared, they cost half.
        "OPTIONS": {"prepare_threshold": 2, **query},
    }


def _sqlite() -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(HOME / "regulars.sqlite3"),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456;"
            ),
        },
    }


DATABASE_URL = os.environ.get("DATABASE_URL", "")
DATABASES = {"default": _postgres(DATABASE_URL) if DATABASE_URL else _sqlite()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_HANDLER = "regulars.infra.http.lockout.LockoutHandler"
AXES_LOCKOUT_CALLABLE = "regulars.infra.http.lockout.locked"
AXES_CLIENT_IP_CALLABLE = "regulars.infra.http.client.client_ip"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "Regulars"

SESSION_COOKIE_NAME = "__Host-regulars" if SECURE else "regulars"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [ORIGIN] if ORIGIN else []
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
#: The built pages (`make setup`); where they are missing a page says so.
PAGES = PACKAGE / "surfaces" / "static"
STATIC_ROOT = PAGES if PAGES.is_dir() else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
SILENCED_SYSTEM_CHECKS: list[str] = []
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(console|member)/assets/"
# The server and the command line configure logs themselves (infra.logs).
LOGGING_CONFIG = None
