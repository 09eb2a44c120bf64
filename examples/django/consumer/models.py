"""What has been taken, and what came of it."""

from django.db import models


class Taken(models.Model):
    """An event that need not be taken again."""

    event_id = models.CharField(primary_key=True, max_length=64)


class Lead(models.Model):
    """Somebody who has written for the first time."""

    chat_id = models.CharField(max_length=24)
    channel = models.CharField(max_length=16)
    name = models.TextField()
    since = models.DateTimeField()
