"""The settings: one file, read from the environment (`docs/operations.md` lists the variables).

Development, which is the default, needs nothing. Production (`AIGUILLE_ENV=production`) refuses to
start with a development secret, without HTTPS, with DEBUG, or with anything that is for a demo.
"""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

import aiguille
from aiguille.config.env import Database, Env
from aiguille.plumbing import postgres

PACKAGE_DIR = Path(aiguille.__file__).resolve().parent

env = Env.of_process()

PRODUCTION = (
    env.choice("AIGUILLE_ENV", "development", ("development", "production")) == "production"
)
DEBUG = env.flag("AIGUILLE_DEBUG", default=False)
# The demo shows every message sent on a page and lets its visitors set the clock.
DEMO = env.flag("AIGUILLE_DEMO", default=not PRODUCTION)
CLOCK_CAN_BE_SET = env.flag("AIGUILLE_CLOCK_CAN_BE_SET", default=not PRODUCTION)
# Calendars are read from public addresses only; a test has one on its own machine.
FETCH_FROM_THIS_MACHINE = env.flag("AIGUILLE_FETCH_FROM_THIS_MACHINE", default=False)
STAFF_SECOND_FACTOR = env.flag("AIGUILLE_STAFF_SECOND_FACTOR", default=not DEMO)

VAR = env.folder("AIGUILLE_VAR", postgres.default_var())

# --- Secrets --------------------------------------------------------------------------------------

DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses-to-start-with"  # noqa: S105 -- it protects nothing
DEVELOPMENT_VAULT_KEY = "ZGV2ZWxvcG1lbnQtb25seS12YXVsdC1rZXktMzJiLi4="  # 32 bytes in base64

SECRET_KEY = env.text("AIGUILLE_SECRET_KEY", DEVELOPMENT_SECRET)
SECRET_KEY_FALLBACKS = env.words("AIGUILLE_SECRET_KEY_FALLBACKS")
# The master keys of the vault by identifier, each 32 bytes in base64; the first one seals new keys.
VAULT_KEYS = env.pairs("AIGUILLE_VAULT_KEYS") or {"development": DEVELOPMENT_VAULT_KEY}
# The key of the digests that chain audit events; a development default as above.
AUDIT_KEY = env.text("AIGUILLE_AUDIT_KEY", DEVELOPMENT_SECRET)

# --- Addresses and transport ----------------------------------------------------------------------

HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, least=1, most=65535)
BASE_URL = env.text("AIGUILLE_BASE_URL", f"http://{HOST}:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.words("AIGUILLE_ALLOWED_HOSTS") or (
    []
    if PRODUCTION
    else ["*"]
    if HOST in {"0.0.0.0", "::"}  # noqa: S104 -- the person chose to be reached by any name
    else ["localhost", "127.0.0.1", "[::1]", "testserver", HOST]
)
CSRF_TRUSTED_ORIGINS = [BASE_URL] if PRODUCTION else []

SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
# A proxy that ends TLS must overwrite this header, or a visitor could claim HTTPS.
if env.flag("AIGUILLE_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "aiguille-session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "aiguille-csrf"

DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_HANDLERS = ["aiguille.plumbing.uploads.InMemory"]

# --- Applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "aiguille.plumbing",
    "aiguille.audit",
    "aiguille.accounts",
    "aiguille.clinics",
    "aiguille.catalogue",
    "aiguille.patients",
    "aiguille.messaging",
    "aiguille.worklist",
    "aiguille.consent",
    "aiguille.stock",
    "aiguille.outcomes",
    "aiguille.care",
    "aiguille.booking",
    "aiguille.treatment_sessions",
    "aiguille.follow_up",
    "aiguille.journeys",
    "aiguille.public_site",
    "aiguille.portal",
    "aiguille.desk",
    "aiguille.demo",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "aiguille.config.security.ContentSecurity",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "aiguille.journeys.doorkeeper.Doorkeeper",
]

ROOT_URLCONF = "aiguille.config.urls"
WSGI_APPLICATION = "aiguille.config.wsgi.application"
ASGI_APPLICATION = "aiguille.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database -------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _connection(database: Database, **more: Any) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.name,
        "USER": database.user,
        "PASSWORD": database.password,
        "HOST": database.host,
        "PORT": database.port,
        **more,
    }


_outside = env.database("DATABASE_URL")
_outside_owner = env.database("OWNER_DATABASE_URL")
_socket = str(postgres.socket_folder(VAR))
_application = _outside or Database(
    name=postgres.DATABASE, user=postgres.APPLICATION_ROLE, host=_socket
)
_owner = _outside_owner or (
    None if _outside else Database(name=postgres.DATABASE, user=postgres.OWNER_ROLE, host=_socket)
)
# A pool spares each request a connection; `aiguille serve` asks for one.
_pool = env.integer("AIGUILLE_DATABASE_POOL", 0, most=1000)

# `default` connects as the application's role, which can neither change the schema nor rewrite
# what is append-only. `owner` migrates; a web process needs no OWNER_DATABASE_URL.
DATABASES = {
    "default": _connection(
        _application,
        OPTIONS=dict(_application.options)
        | ({"pool": {"min_size": 1, "max_size": _pool, "timeout": 10}} if _pool else {}),
        CONN_HEALTH_CHECKS=True,
        TEST={"MIRROR": "owner"} if _owner else {},
    )
}
if _owner:
    # A migration that waits for a lock would make every page wait behind it.
    DATABASES["owner"] = _connection(
        _owner, OPTIONS=dict(_owner.options) | {"options": "-c lock_timeout=4s"}
    )

# A pooler in front of PostgreSQL that gives each transaction another connection needs them off.
PREPARED_STATEMENTS = env.flag("AIGUILLE_PREPARED_STATEMENTS", default=True)

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "aiguille.accounts.sign_in.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"activate_totp": "aiguille.accounts.forms.SetUpAuthenticatorForm"}
MFA_ADAPTER = "aiguille.accounts.sign_in.SecondFactorAdapter"
# An administrator vouches for the address of a member of staff.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Aiguille"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION

# --- Mail -----------------------------------------------------------------------------------------

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if PRODUCTION
    else "django.core.mail.backends.dummy.EmailBackend"
)
EMAIL_HOST = env.text("AIGUILLE_SMTP_HOST", "localhost")
EMAIL_PORT = env.integer("AIGUILLE_SMTP_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = env.text("AIGUILLE_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("AIGUILLE_SMTP_PASSWORD")
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("AIGUILLE_MAIL_FROM", "Aiguille <clinic@example.org>")
# Text messages leave by an HTTPS gateway; without one, development prints them.
SMS_GATEWAY_URL = env.text("AIGUILLE_SMS_URL")
SMS_GATEWAY_TOKEN = env.text("AIGUILLE_SMS_TOKEN")

# --- Languages and time ---------------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "aiguille-language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LOCALE_PATHS = [PACKAGE_DIR / "locale"]
FORMAT_MODULE_PATH = "aiguille.config.formats"
USE_I18N = True
USE_TZ = True
# Instants are UTC; a page shows a site's own zone. The tests of rules run under another zone too.
TIME_ZONE = "UTC" if PRODUCTION else env.text("AIGUILLE_TEST_TIME_ZONE", "UTC")

# --- Static files ---------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE_DIR / "static"]
if PRODUCTION:
    STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # files go to the vault
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- Logs: to standard error, without personal data -----------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        # A refused request is no fault of ours, and its address may hold a patient's link.
        "django.request": {"level": "ERROR"},
        "aiguille": {"level": env.text("AIGUILLE_LOG_LEVEL", "INFO").upper()},
    },
}

# --- What production refuses ----------------------------------------------------------------------


def _refuse_unsafe_production() -> None:
    """Stop a production start that would be unsafe, naming everything that is wrong at once."""
    wrong = {
        "AIGUILLE_SECRET_KEY must be a secret of its own, of 50 characters or more": (
            SECRET_KEY == DEVELOPMENT_SECRET or len(SECRET_KEY) < 50
        ),
        "AIGUILLE_AUDIT_KEY must be a secret of its own, of 50 characters or more": (
            AUDIT_KEY in {DEVELOPMENT_SECRET, SECRET_KEY} or len(AUDIT_KEY) < 50
        ),
        "AIGUILLE_VAULT_KEYS must hold a key of its own (identifier:base64 of 32 bytes)": (
            DEVELOPMENT_VAULT_KEY in VAULT_KEYS.values()
        ),
        "AIGUILLE_BASE_URL must be the public address, beginning with https://": (
            not BASE_URL.startswith("https://")
        ),
        "AIGUILLE_ALLOWED_HOSTS must name the public host, never *": (
            not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS
        ),
        "DATABASE_URL must name the PostgreSQL server": _outside is None,
        "AIGUILLE_DEBUG must be off": DEBUG,
        "AIGUILLE_DEMO must be off: its mail page shows every message": DEMO,
        "AIGUILLE_CLOCK_CAN_BE_SET must be off": CLOCK_CAN_BE_SET,
        "AIGUILLE_FETCH_FROM_THIS_MACHINE must be off": FETCH_FROM_THIS_MACHINE,
        "AIGUILLE_STAFF_SECOND_FACTOR must be on": not STAFF_SECOND_FACTOR,
    }
    if reasons := [reason for reason, is_wrong in wrong.items() if is_wrong]:
        raise ImproperlyConfigured("Production does not start:\n- " + "\n- ".join(reasons))


if PRODUCTION:
    _refuse_unsafe_production()
elif not STAFF_SECOND_FACTOR and not DEMO:
    raise ImproperlyConfigured("AIGUILLE_STAFF_SECOND_FACTOR may be switched off in a demo only")
