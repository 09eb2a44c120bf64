// A connection as a form has it, and as the API takes it. Pure.

/** The words of a form for what a connection has; without one, for a new connection. */
export function draft(connection) {
  const auth = connection?.auth ?? { type: "HMAC" };
  const retry = connection?.retry ?? "wexio";
  const own = typeof retry === "object" ? retry : {};
  const { base = "5s", factor = 2, max = "1h", jitter = 0.2 } = own.backoff ?? {};
  return {
    name: connection?.name ?? "",
    url: connection?.url ?? "",
    events: connection?.events ?? ["chat.created"],
    concurrency: String(connection?.concurrency ?? 32),
    active: connection?.active ?? true,
    auth: auth.type,
    secret: "",
    token: "",
    username: auth.username ?? "",
    password: "",
    retry: typeof retry === "string" ? retry : own.backoff ? "backoff" : "delays",
    attempts: String(own.attempts ?? 5),
    delays: (own.delays ?? ["5s", "10s", "20s", "40s"]).join(", "),
    base,
    factor: String(factor),
    max,
    jitter: String(jitter),
    timeout: own.timeout ?? "10s",
    give_up_on: (own.give_up_on ?? [410]).join(", "),
    retry_after: own.retry_after ?? "ignore",
  };
}

const list = (text) => text.split(",").map((item) => item.trim()).filter(Boolean);
// What is no number stays what was typed: the server says what is wrong with it.
const numeric = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);

/** The body of a call; with what was there *before*, only what shall be different. */
export function body(form, before) {
  const made = {
    name: form.name,
    url: form.url.trim(),
    events: form.events,
    retry: policy(form),
    concurrency: numeric(form.concurrency),
    auth: authorisation(form),
  };
  if (!before) return { ...made, active: form.active };
  const was = body(draft(before));
  const given = form.secret || form.token || form.password || form.username !== (before.auth.username ?? "");
  const changed = Object.entries(made).filter(([name, value]) => name !== "auth" && JSON.stringify(value) !== JSON.stringify(was[name]));
  // Without anything typed into it, an authorisation stays what it is.
  if (form.auth !== before.auth.type || given) changed.push(["auth", made.auth]);
  return Object.fromEntries(changed);
}

function authorisation({ auth, secret, token, username, password }) {
  if (auth === "BEARER") return { type: auth, token };
  if (auth === "BASIC") return { type: auth, username, password };
  if (auth === "HMAC" && secret) return { type: auth, secret };
  return { type: auth };
}

function policy(form) {
  if (form.retry !== "delays" && form.retry !== "backoff") return form.retry;
  const common = {
    attempts: numeric(form.attempts),
    timeout: form.timeout.trim(),
    give_up_on: list(form.give_up_on).map(numeric),
    retry_after: form.retry_after,
  };
  if (form.retry === "delays") return { ...common, delays: list(form.delays) };
  return { ...common, backoff: { base: form.base, factor: numeric(form.factor), max: form.max, jitter: numeric(form.jitter) } };
}

/** A policy in one line. */
export function inWords(retry) {
  if (typeof retry === "string") return retry;
  const delays = retry.backoff ? `from ${retry.backoff.base} to ${retry.backoff.max}` : (retry.delays ?? []).join(", ");
  return `${retry.attempts} ${retry.attempts === 1 ? "attempt" : "attempts"}${delays ? `: ${delays}` : ""}`;
}
