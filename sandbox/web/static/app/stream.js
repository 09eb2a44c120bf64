// The live stream: journal entries as they come, handed over once for each frame.
//
// The browser reconnects by itself and says where it was (Last-Event-ID). What it does
// not know is that the server has been restarted or emptied meanwhile: `since` in the
// server's numbers tells, and then everything is read anew.
import { signal } from "./lib.js";

const KINDS = ["emitted", "attempting", "attempted", "settled", "resent", "verdict"];
const AGAIN = 2000;

/** "connecting", "live", "lost" (it keeps trying) or "refused" (a token is needed). */
export const link = signal("connecting");

let source = null;
let waiting = [];
let scheduled = false;
let retry = 0;

/**
 * Read what follows *after*; *deliver* gets a list of entries, *returned* is called
 * when the stream has come back after a loss.
 */
export function open(after, deliver, returned) {
  close();
  let position = after;
  let lost = false;

  function flush() {
    scheduled = false;
    const entries = waiting;
    waiting = [];
    if (entries.length) deliver(entries);
  }

  function take(event) {
    const entry = JSON.parse(event.data);
    position = entry.seq;
    waiting.push(entry);
    if (scheduled) return;
    scheduled = true;
    // A hidden page has no frames, and must not pile entries up.
    if (document.hidden) setTimeout(flush, 250);
    else requestAnimationFrame(flush);
  }

  function connect() {
    source = new EventSource(`/api/v1/journal?after=${position}`);
    for (const kind of KINDS) source.addEventListener(kind, take);
    source.onopen = () => {
      link.value = "live";
      if (lost) returned();
      lost = false;
    };
    source.onerror = () => {
      lost = true;
      link.value = "lost";
      // Closed: an answer that was no stream. The browser gives up then; we do not.
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(reconnect, AGAIN);
    };
  }

  async function reconnect() {
    const answer = await fetch("/api/v1/clock").catch(() => null);
    if (answer?.status === 401) link.value = "refused";
    else connect();
  }

  connect();
}

export function close() {
  clearTimeout(retry);
  source?.close();
  source = null;
  waiting = [];
  // A frame that is still to come finds nothing to hand over.
}
