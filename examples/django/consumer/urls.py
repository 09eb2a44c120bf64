"""One address."""

from django.urls import path

from consumer.views import receive

urlpatterns = [path("webhooks/wexio", receive)]
