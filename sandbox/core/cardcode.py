"""The code that the report card advises, check by check: Flask or plain Python, Express or plain Node."""

from __future__ import annotations

from typing import Final

_VERIFY_PYTHON: Final = """\
def holds(header: str | None, body: bytes, secret: str) -> bool:
    found = re.fullmatch(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)", header or "")
    if not found or abs(time.time() - int(found[1])) > 300:
        return False
    signed = found[1].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(given, expected) for given in found[2].split(",v1=")[1:])

if not holds(request.headers.get("X-Wexio-Signature"), request.get_data(), SECRET):
    return "wrong signature", 401"""

_VERIFY_NODE: Final = """\
function holds(header, body, secret) {   // body: the Buffer of express.raw()
  const found = /^t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)$/.exec(header ?? "");
  if (!found || Math.abs(Date.now() / 1000 - Number(found[1])) > 300) return false;
  const expected = createHmac("sha256", secret).update(`${found[1]}.`).update(body).digest();
  const given = found[2].split(",v1=").slice(1);   // more than one while a secret is being changed
  return given.some((hex) => timingSafeEqual(expected, Buffer.from(hex, "hex")));
}

app.post("/webhooks/wexio", express.raw({ type: () => true, limit: "1mb" }), (req, res) => {
  if (!holds(req.get("X-Wexio-Signature"), req.body ?? Buffer.alloc(0), SECRET)) return res.sendStatus(401);
  ...
});"""

PYTHON: Final = {
    "accepts-each-channel": """\
ID_FIELD = {"WHATSAPP": "whatsappId", "TELEGRAM": "telegramId",
            "VIBER": "viberId", "INSTAGRAM": "instagramId"}
chat = event["data"]["chat"]
address = chat.get(ID_FIELD.get(chat.get("channel"), ""))   # text, whatever it looks like""",
    "answers-in-time": """\
@app.post("/webhooks/wexio")
def receive():
    ...                        # verify
    queue.enqueue(handle, event)   # rq, Celery, a table: anything that outlives this process
    return "", 200""",
    "accepts-retries": """\
if already_taken(event["id"]):     # not: event["meta"]["attempt"] > 1
    return "", 200
handle(event)
return "", 200""",
    "accepts-no-contact": """\
contact = event["data"].get("contact")      # not event["data"]["contact"]
name = (contact or {}).get("firstName") or event["data"]["chat"].get("firstName") or "unknown\"""",
    "accepts-unknown-fields": """\
class Chat(BaseModel):
    model_config = ConfigDict(extra="ignore")    # not "forbid\"""",
    "accepts-unknown-event": """\
handler = HANDLERS.get(event["type"])
if handler is not None:
    handler(event)
return "", 200        # whoever sent it has done their part""",
    "accepts-unicode": """\
event = json.loads(request.get_data())      # bytes in; no .decode("ascii") or "latin-1"
# MySQL:  CREATE TABLE chats (...) CHARACTER SET utf8mb4""",
    "accepts-large-body": """\
app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
# nginx:  client_max_body_size 1m;""",
    "rejects-missing-signature": _VERIFY_PYTHON,
    "rejects-malformed-signature": _VERIFY_PYTHON,
    "rejects-wrong-secret": _VERIFY_PYTHON,
    "rejects-tampered-body": _VERIFY_PYTHON,
    "rejects-stale-timestamp": _VERIFY_PYTHON,
    "rejects-future-timestamp": _VERIFY_PYTHON,
    "survives-garbage": """\
try:
    event = json.loads(request.get_data())
except ValueError:          # UnicodeDecodeError is one too
    return "not JSON", 400""",
    "dedupes": """\
with database.begin() as transaction:
    fresh = transaction.execute(
        "INSERT INTO taken (event_id) VALUES (%s) ON CONFLICT DO NOTHING", [event["id"]]
    ).rowcount
    if fresh:
        handle(event, transaction)      # the effect and the id, or neither
return "", 200""",
    "survives-disorder": """\
transaction.execute(
    "UPDATE chats SET name = %s, occurred_at = %s WHERE id = %s AND occurred_at < %s",
    [name, occurred_at, chat_id, occurred_at],
)                               # older news changes nothing, and is no error
return "", 200""",
    "survives-burst": """\
# gunicorn --workers 4 --threads 16 --backlog 512 app:app
engine = create_engine(URL, pool_size=20, max_overflow=20, pool_timeout=30)""",
}

NODE: Final = {
    "accepts-each-channel": """\
const ID_FIELD = { WHATSAPP: "whatsappId", TELEGRAM: "telegramId",
                   VIBER: "viberId", INSTAGRAM: "instagramId" };
const { chat } = event.data;
const address = chat[ID_FIELD[chat.channel]];   // text, whatever it looks like""",
    "answers-in-time": """\
await queue.add("wexio", event);   // BullMQ, a table: anything that outlives this process
res.sendStatus(200);""",
    "accepts-retries": """\
if (await alreadyTaken(event.id)) return res.sendStatus(200);   // not: event.meta.attempt > 1
await handle(event);
res.sendStatus(200);""",
    "accepts-no-contact": """\
const { chat, contact } = event.data;
const name = contact?.firstName ?? chat.firstName ?? "unknown";""",
    "accepts-unknown-fields": """\
const Chat = z.object({ id: z.string() }).passthrough();   // not .strict()""",
    "accepts-unknown-event": """\
await HANDLERS[event.type]?.(event);
res.sendStatus(200);   // whoever sent it has done their part""",
    "accepts-unicode": """\
const event = JSON.parse(req.body.toString("utf8"));   // not "ascii" or "latin1"
// MySQL:  CREATE TABLE chats (...) CHARACTER SET utf8mb4""",
    "accepts-large-body": """\
app.post("/webhooks/wexio", express.raw({ type: () => true, limit: "1mb" }), receive);
// nginx:  client_max_body_size 1m;""",
    "rejects-missing-signature": _VERIFY_NODE,
    "rejects-malformed-signature": _VERIFY_NODE,
    "rejects-wrong-secret": _VERIFY_NODE,
    "rejects-tampered-body": _VERIFY_NODE,
    "rejects-stale-timestamp": _VERIFY_NODE,
    "rejects-future-timestamp": _VERIFY_NODE,
    "survives-garbage": """\
let event;
try {
  event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(req.body));
} catch {
  return res.sendStatus(400);
}""",
    "dedupes": """\
await sql.begin(async (tx) => {
  const fresh = await tx`INSERT INTO taken (event_id) VALUES (${event.id}) ON CONFLICT DO NOTHING`;
  if (fresh.count) await handle(event, tx);   // the effect and the id, or neither
});
res.sendStatus(200);""",
    "survives-disorder": """\
await sql`UPDATE chats SET name = ${name}, occurred_at = ${occurredAt}
          WHERE id = ${chatId} AND occurred_at < ${occurredAt}`;
res.sendStatus(200);   // older news changes nothing, and is no error""",
    "survives-burst": """\
const pool = new Pool({ max: 20, connectionTimeoutMillis: 30_000 });   // waits, does not fail
server.listen(PORT, HOST, 1024);   // the third one is the backlog""",
}
