import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import test from "node:test";
import { load } from "./load.mjs";

const { curl, quoted } = await load("curl.js");

const run = (command) =>
  new Promise((resolve) => {
    const shell = spawn("sh", ["-c", command], { env: { ...process.env, NO_PROXY: "127.0.0.1" } });
    let said = "";
    shell.stdout.on("data", (data) => (said += data));
    shell.on("close", (code) => resolve({ code, said }));
  });

/** What a server gets when *request* is sent by the command. */
async function received(request) {
  const server = createServer((incoming, answer) => {
    const parts = [];
    incoming.on("data", (part) => parts.push(part));
    incoming.on("end", () => (answer.end("taken"), resolve({ headers: incoming.rawHeaders, body: Buffer.concat(parts) })));
  });
  let resolve;
  const got = new Promise((done) => (resolve = done));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { code } = await run(curl({ url: `http://127.0.0.1:${server.address().port}/[x]?a=b`, ...request }));
    assert.equal(code, 0);
    return await got;
  } finally {
    server.close();
  }
}

const HOSTILE = `{"name":"O'Hara $(touch /tmp/x) \`id\` \\" \\u0000 !! %s\\n","смайл":"😀"}`;

test("whatever is in a word, a shell has it as it was", async () => {
  for (const text of ["plain", "it's", "'", "''", "$HOME", "`id`", "a\nb", "-n", "\\", ""])
    assert.equal((await run(`printf %s ${quoted(text)}`)).said, text);
});

test("the command sends the same headers and the same bytes", async (t) => {
  if ((await run("command -v curl")).code) return t.skip("curl is not installed");
  const headers = [["Content-Type", "application/json"], ["X-Wexio-Signature", "t=1,v1=ab"], ["X-Odd", "a'b \"c\""], ["Host", "elsewhere"], ["Content-Length", "9"]];
  const { headers: raw, body } = await received({ headers, body: HOSTILE });
  assert.equal(body.toString(), HOSTILE);
  const pairs = new Map(raw.flatMap((name, at) => (at % 2 ? [] : [[name, raw[at + 1]]])));
  for (const [name, value] of headers.slice(0, 3)) assert.equal(pairs.get(name), value);
  assert.ok(!pairs.has("User-Agent") && !pairs.has("Accept"), "nothing that was not sent");
  assert.notEqual(pairs.get("Host"), "elsewhere");
  return undefined;
});

test("a body that begins like a file's name is no file, and one that is not text arrives whole", async (t) => {
  if ((await run("command -v curl")).code) return t.skip("curl is not installed");
  assert.equal((await received({ headers: [["A", "b"]], body: "@/etc/passwd" })).body.toString(), "@/etc/passwd");
  const bytes = Buffer.from([0xff, 0x00, 0x0a, 0x27]);
  assert.deepEqual((await received({ headers: [["A", "b"]], body_base64: bytes.toString("base64") })).body, bytes);
  return undefined;
});
