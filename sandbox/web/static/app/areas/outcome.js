// What became of something that was just sent.
import { html, useEffect, useState } from "../lib.js";
import { get } from "../api.js";
import { capital, millis, outcome, taken } from "../format.js";
import { href } from "../router.js";
import { standing } from "../names.js";
import { deliveries, revision } from "../store.js";
import { Icon } from "../ui/icons.js";
import { Said } from "../ui/said.js";

/** The last attempt of the delivery *id*, as soon as there is one, and why it was refused. */
export function Outcome({ id, name }) {
  const [found, setFound] = useState(null);
  revision.value;
  const line = deliveries.get(id);
  const ended = line?.attempts.filter((each) => each.at).length ?? 0;
  useEffect(() => {
    let gone = false;
    get(`/deliveries/${id}`).then((document) => gone || setFound(document), () => null);
    return () => (gone = true);
  }, [id, ended, line?.status]);
  const attempts = found?.attempts ?? [];
  const last = attempts.at(-1);
  const stands = standing((line ?? found)?.connection_id);
  if (!last) return html`<div class="outcome-box" data-tone="wait" role="status"><${Icon} name="clock" /><span>${stands ? `It waits: its connection is ${stands}.` : "On its way…"}</span></div>`;
  const good = taken(last);
  const causes = good ? [] : last.signature?.causes ?? [];
  return html`<div class="outcome-box" data-tone=${good ? "ok" : "bad"} role="status">
    <${Icon} name=${good ? "check" : "alert"} />
    <div class="grow">
      <p>
        ${name && html`<span dir="auto">${name}: </span>`}<b>${good ? "Taken" : last.response ? "Refused" : "No answer"}: ${outcome(last)}</b> in ${millis(last.elapsed_ms)}${attempts.length > 1 ? `, attempt ${last.attempt}` : ""}.
        ${last.error ? html` <span dir="auto">${capital(last.error.message)}.</span>` : ""}
        ${found.status === "PENDING" && last.next_attempt_at ? " It will be tried again." : ""}
      </p>
      ${causes.slice(0, 2).map((cause) => html`<p key=${cause.says}>${cause.proven ? "Proven" : "Likely"}: ${cause.says}. <span class="quiet"><${Said} text=${capital(cause.do)} />.</span></p>`)}
      <a href=${href("deliveries", id)}>Look at the delivery</a>
    </div>
  </div>`;
}
