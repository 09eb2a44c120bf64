// A phone for each channel, in a look of its own, on which first messages arrive.
import { html, useMemo } from "../../lib.js";
import { CHANNELS, preciseTime, time } from "../../format.js";
import { Icon } from "../../ui/icons.js";
import { person } from "./people.js";

const SHOWN = 5;

export function Phones({ lines, channels }) {
  // One event may go to several connections, and still is one chat.
  const chats = useMemo(() => {
    const events = new Map();
    for (const line of lines) events.set(line.event_id, line);
    return [...events.values()];
  }, [lines]);
  return html`<section class="phones" data-count=${channels.length} aria-label="Phones">
    ${channels.map((channel) => html`<${Phone} key=${channel} channel=${channel} chats=${chats.filter((line) => line.channel === channel)} />`)}
  </section>`;
}

function Phone({ channel, chats }) {
  return html`<article class="phone" data-channel=${channel} aria-label=${CHANNELS[channel].name}>
    <div class="phone-screen">
      <header>
        <span class="phone-app">${CHANNELS[channel].name}</span>
        <span class="phone-count number" aria-label=${`${chats.length} chats`}>${chats.length}</span>
      </header>
      <ul class="chats">
        ${chats.slice(0, SHOWN).map((line) => html`<${Chat} key=${line.event_id} line=${line} />`)}
        ${chats.length === 0 && html`<li class="chats-none"><${Icon} name="clock" size=${18} /><span>Nobody has written yet</span></li>`}
      </ul>
    </div>
  </article>`;
}

function Chat({ line }) {
  const who = useMemo(() => person(line), [line.event_id, line.data]);
  return html`<li class="chat">
    <span class="avatar" aria-hidden="true" style=${{ "--hue": who.hue }}>${who.letters}</span>
    <div class="chat-body">
      <div class="chat-top"><b class="truncate" dir="auto">${who.name}</b><time title=${preciseTime(line.emitted_at)}>${time(line.emitted_at)}</time></div>
      <p class="chat-text" dir="auto" title="Made up for the stage: chat.created carries no text">${who.text}</p>
      <p class="chat-from truncate">${who.code && html`<span class="country">${who.code}</span>`}${who.country ?? who.handle}</p>
    </div>
  </li>`;
}
