"""Django's settings, all derived from `kit.config.Settings`: nothing here reads the environment."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import unquote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from hudhud.kit.config import settings
from hudhud.kit.crypto import load_keys

_settings = settings()
_keys = load_keys(_settings.secret_keys, _settings.data)
_base = urlsplit(_settings.base_url)
_is_https = _base.scheme == "https"

DEBUG = False
SECRET_KEY, *SECRET_KEY_FALLBACKS = (base64.b64encode(hmac.digest(secret, b"django", "sha256")).decode() for secret in _keys.secrets)
ALLOWED_HOSTS = sorted({_base.hostname or "localhost", _settings.host, "localhost", "127.0.0.1", "[::1]"})
ROOT_URLCONF = "hudhud.app.urls"
WSGI_APPLICATION = "hudhud.app.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("et", "eesti"), ("fa", "فارسی"), ("ar", "العربية")]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
]
MIDDLEWARE = [
    "hudhud.app.headers.security_headers",
    "hudhud.app.input.readable_input",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    },
]


def _database(url: str) -> dict[str, object]:
    """Turn a libpq URL (TCP or Unix socket) into Django's shape."""
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": parts,
    }


DATABASES = {"default": _database(_settings.database_url)}

# Sign-in ------------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["hudhud.accounts.passwords.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "hudhud.app.signin.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody shall make us write to strangers
PASSWORD_RESET_TIMEOUT = 24 * 3600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{_settings.base_url}/sign-in/confirm/{{key}}",
    "account_reset_password": f"{_settings.base_url}/sign-in/reset",
    "account_reset_password_from_key": f"{_settings.base_url}/sign-in/reset/{{key}}",
    "account_signup": f"{_settings.base_url}/sign-in",
}
MFA_ADAPTER = "hudhud.app.signin.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Hudhud"
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _is_https

# Browser ------------------------------------------------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "hudhud_session"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = False  # the web app reads it and sends it back as X-CSRFToken
CSRF_FAILURE_VIEW = "hudhud.app.errors.refuse_forgery"
CSRF_TRUSTED_ORIGINS = [f"{_base.scheme}://{_base.netloc}"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024


# Mail to users (password reset); people's mail goes through `delivery`. ---------------------------------------------
def _mail(url: str) -> dict[str, object]:
    if not url:
        return {"EMAIL_BACKEND": "hudhud.app.user_mail.NoMail"}
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": "hudhud.app.user_mail.SmtpMail",
        "EMAIL_HOST": parts.hostname or "127.0.0.1",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


DEFAULT_FROM_EMAIL = f"no-reply@{_base.hostname or 'localhost'}"
globals().update(_mail(_settings.smtp_url))
LOGGING_CONFIG = None
