// A signature explained: what was signed, with which secret, how to check it, and why it did not hold elsewhere.
import { html, useState } from "../lib.js";
import { post } from "../api.js";
import { snippets, parts } from "../signing.js";
import { Badge, Button, Code, Field, Segmented } from "../ui/basics.js";
import { Icon } from "../ui/icons.js";
import { Said } from "../ui/said.js";
import { capital } from "../format.js";

const HEADER = "x-wexio-signature";

export function Signature({ attempt, delivery }) {
  const { signature, request } = attempt;
  const header = request.headers.find(([name]) => name.toLowerCase() === HEADER)?.[1] ?? "";
  const { t, v1 } = parts(header);
  const shots = snippets(signature.signed);
  const [language, setLanguage] = useState(shots[0].language);
  const moment = /^\d{1,11}$/.test(t) ? new Date(Number(t) * 1000).toISOString().replace(".000", "") : null;
  return html`
    <p class="row verdict">
      <${Badge} tone=${signature.holds === null ? "plain" : signature.holds ? "ok" : "bad"}>${signature.holds === null ? "Unknown" : signature.holds ? "Holds" : "Does not hold"}<//>
      <span>${capital(signature.says)}.</span>
    </p>
    <ol class="how">
      <li>
        <h4>The secret</h4>
        <p>${signature.connection ? html`That of <b dir="auto">${signature.connection}</b>${signature.secret ? html`, <code>${signature.secret}</code>` : ""}: its UTF-8 bytes are the key.` : "Its connection is not there any more."}</p>
      </li>
      <li>
        <h4>What is signed</h4>
        <p>${signature.signed === "body" ? "The raw body, byte for byte." : html`<code>t</code>, a dot, and the raw body, byte for byte${moment ? html` (<code>t</code> is ${moment})` : ""}.`}</p>
        <pre class="json wrap signed" tabindex="0" aria-label="The signed string">${signature.signed === "body" ? "" : html`<mark>${t}.</mark>`}${request.body ?? "(not UTF-8: see the body)"}</pre>
      </li>
      <li>
        <h4>The digest</h4>
        <p>HMAC-SHA256, in lower-case hex. It is <code>v1</code>:</p>
        <${Code} text=${v1 || header || "(none)"} label="The digest" />
      </li>
      <li>
        <h4>Check it</h4>
        <${Segmented} label="Language" value=${language} options=${shots.map((each) => [each.language, each.language])} onChange=${setLanguage} />
        <${Code} text=${shots.find((each) => each.language === language).code} label=${`Verification in ${language}`} />
      </li>
    </ol>
    <${Check} attempt=${attempt} delivery=${delivery} header=${header} known=${signature.secret !== null} />
  `;
}

/** What somebody's server had, judged by the one who knows what was sent. */
function Check({ attempt, delivery, header, known }) {
  const [body, setBody] = useState("");
  const [given, setGiven] = useState(header);
  const [secret, setSecret] = useState("");
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  async function check(event) {
    event.preventDefault();
    setBusy(true);
    try {
      const about = secret || !known ? { secret } : { connection_id: delivery.connection_id };
      setFound(await post("/verify", { signature: given, body, ...about, delivery_id: delivery.id, attempt: attempt.attempt, now: momentOf(given) }));
      setProblem(null);
    } catch (error) {
      if (error.name !== "Problem") throw error;
      setFound(null);
      setProblem(error);
    } finally {
      setBusy(false);
    }
  }
  return html`<form class="check" onSubmit=${check}>
    <h3>It does not hold in your server?</h3>
    <p class="quiet">Write down the body as your server had it when it checked, and see why.</p>
    <${Field} label="The body that your server checked" error=${problem?.about("/body")}>
      ${(its) => html`<textarea ...${its} class="mono" rows="4" spellcheck=${false} value=${body} onInput=${(event) => setBody(event.target.value)}></textarea>`}
    <//>
    <div class="pair">
      <${Field} label="The header that it had">
        ${(its) => html`<input ...${its} class="mono" spellcheck=${false} value=${given} onInput=${(event) => setGiven(event.target.value)} />`}
      <//>
      <${Field} label="The secret that it uses" hint=${known ? "Empty: the connection’s own." : ""} error=${problem?.about("/secret")}>
        ${(its) => html`<input ...${its} type="password" autocomplete="off" value=${secret} onInput=${(event) => setSecret(event.target.value)} />`}
      <//>
    </div>
    <div class="actions">
      <${Button} type="submit" icon="search" busy=${busy}>Explain<//>
      <button type="button" class="link" onClick=${() => setBody(attempt.request.body ?? "")}>Begin with what was sent</button>
    </div>
    <div aria-live="polite">
      ${problem && !problem.about("/body") && !problem.about("/secret") && html`<p class="wrong-text">${problem.detail}</p>`}
      ${found && html`<${Found} found=${found} />`}
    </div>
  </form>`;
}

// Judged at the time of sending: how late somebody looks at it is not what is asked.
function momentOf(header) {
  const { t } = parts(header);
  return /^\d{10}$/.test(t) ? new Date(Number(t) * 1000).toISOString() : undefined;
}

function Found({ found }) {
  return html`<div class="notice refused" data-tone=${found.valid ? "ok" : "bad"}>
    <${Icon} name=${found.valid ? "check" : "alert"} />
    <div>
      <b>${capital(found.says)}.</b>
      <ul>
        ${found.causes.map(
          (cause) => html`<li key=${cause.code + cause.says}>
            <${Badge} tone=${cause.proven ? "bad" : "wait"} dot=${false}>${cause.proven ? "proven" : "likely"}<//>
            <div><p>${capital(cause.says)}.</p><p class="quiet"><${Said} text=${capital(cause.do)} />.</p></div>
          </li>`,
        )}
      </ul>
      ${found.difference && html`<p class="mono quiet">${capital(found.difference)}</p>`}
    </div>
  </div>`;
}
