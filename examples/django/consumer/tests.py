"""The consumer, tested with requests as Wexio sends them: no network, no server."""

from django.test import TestCase, override_settings

from consumer.models import Lead
from sandbox import WebhookRequest, build_request

SECRET = "whsec_of-the-tests"
MALFORMED = ["", "t=,v1=", "t=12", "v1=ab", "t=now,v1=ab", "t=1,t=2,v1=ab", "t=12,v1=\u00fc"]


@override_settings(WEXIO_SECRET=SECRET)
class WebhookTest(TestCase):
    def receive(
        self, request: WebhookRequest, *, body: bytes | None = None, signature: str | None = None
    ) -> int:
        headers = (
            request.headers if signature is None else {**request.headers, "X-Wexio-Signature": signature}
        )
        return self.client.generic(
            request.method,
            request.path,
            request.body if body is None else body,
            content_type="application/json",
            headers={name: value for name, value in headers.items() if name != "Content-Type"},
        ).status_code

    def test_a_first_contact_becomes_a_lead(self) -> None:
        for channel in ("WHATSAPP", "TELEGRAM", "VIBER", "INSTAGRAM"):
            with self.subTest(channel):
                request = build_request(
                    channel=channel, secret=SECRET, data={"chat": {"firstName": "Олена 🌻"}}
                )
                self.assertEqual(self.receive(request), 200)
                lead = Lead.objects.get(channel=channel)
                self.assertEqual((lead.chat_id, lead.name), (request.event.data["chat"]["id"], "Олена 🌻"))

    def test_a_retry_makes_no_second_lead(self) -> None:
        request = build_request(secret=SECRET)
        self.assertEqual([self.receive(request), self.receive(request.again())], [200, 200])
        self.assertEqual(Lead.objects.count(), 1)

    def test_a_chat_without_a_contact_is_taken(self) -> None:
        self.assertEqual(self.receive(build_request(secret=SECRET, contact="none")), 200)

    def test_what_wexio_has_not_signed_is_refused(self) -> None:
        for broken in ({"wrong_secret": True}, {"tampered": True}, {"stale": "10m"}):
            with self.subTest(**broken):
                self.assertEqual(self.receive(build_request(secret=SECRET, **broken)), 401)
        self.assertEqual(Lead.objects.count(), 0)

    def test_one_space_more_is_another_body(self) -> None:
        request = build_request(secret=SECRET)
        self.assertEqual(self.receive(request, body=request.body + b" "), 401)

    def test_a_malformed_signature_is_refused(self) -> None:
        for signature in MALFORMED:
            with self.subTest(signature):
                self.assertEqual(self.receive(build_request(secret=SECRET), signature=signature), 401)

    @override_settings(WEXIO_SECRET="")
    def test_without_a_secret_nothing_is_taken(self) -> None:
        self.assertEqual(self.receive(build_request(secret=SECRET)), 401)
