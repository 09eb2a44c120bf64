"""No more than a consumer of webhooks needs."""

import os
from pathlib import Path

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only for development")
WEXIO_SECRET = os.environ.get("WEXIO_SECRET", "")  # empty: nothing is taken
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "consumer.urls"
INSTALLED_APPS = ["consumer"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path(__file__).parents[1] / "leads.db"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
