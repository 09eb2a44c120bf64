// The control API. Every call answers with the document, or throws a Problem.

const PREFIX = "/api/v1";

/** Why not: the problem document of the server (RFC 9457), or that it cannot be reached (status 0). */
export class Problem extends Error {
  constructor({ status, title, detail, errors = [] }) {
    super(detail || title);
    this.name = "Problem";
    Object.assign(this, { status, title, detail: detail || title, errors });
  }

  /** What was wrong with the field at this JSON pointer, or nothing. */
  about(pointer) {
    return this.errors.find((error) => error.field === pointer)?.message;
  }
}

/** One call; *body* goes as JSON. A path beginning with // is one of the root. */
export async function call(method, path, body, { signal } = {}) {
  const url = path.startsWith("//") ? path.slice(1) : PREFIX + path;
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ status: 0, title: "The sandbox cannot be reached", detail: "The sandbox cannot be reached. Is it still running?" });
  }
  const text = await answer.text();
  const document = text && /json/.test(answer.headers.get("Content-Type") ?? "") ? JSON.parse(text) : text || null;
  if (answer.ok) return document;
  throw new Problem(document?.title ? document : { status: answer.status, title: `The sandbox answered ${answer.status}` });
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);
export const put = (path, body, options) => call("PUT", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const del = (path, options) => call("DELETE", path, undefined, options);

/** The query of an address; what is empty is left out. */
export function query(values) {
  const filled = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}
