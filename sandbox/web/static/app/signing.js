// A signature taken apart, and how to check one in the language of whoever reads. Pure.

/** {t, v1} of ``t=<unix>,v1=<hex>``; what is not there is "". */
export function parts(header) {
  const found = { t: "", v1: "" };
  for (const item of header.split(",")) {
    const [name, value] = item.split(/=(.*)/s);
    if (name in found) found[name] ||= value ?? "";
  }
  return found;
}

/** Python, Node, Go and PHP; *signed* is what the digest is made of. Each reads the secret from WEXIO_SECRET. */
export function snippets(signed = "timestamp.body") {
  const timed = signed !== "body";
  return [
    {
      language: "Python",
      code: `import hashlib, hmac, os, re, time


def holds(header: str | None, body: bytes, tolerance: int = 300) -> bool:
    found = re.fullmatch(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)", header or "")
    if not found or abs(time.time() - int(found[1])) > tolerance:
        return False  # answer 401
    signed = ${timed ? 'found[1].encode() + b"." + body' : "body"}
    expected = hmac.new(os.environ["WEXIO_SECRET"].encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(given, expected) for given in found[2].split(",v1=")[1:])
`,
    },
    {
      language: "Node",
      code: `const crypto = require("node:crypto");

// body is a Buffer: express.raw({type: "application/json"})
function holds(header, body, tolerance = 300) {
  const found = /^t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)$/.exec(header ?? "");
  if (!found || Math.abs(Date.now() / 1000 - Number(found[1])) > tolerance) return false; // answer 401
  const hmac = crypto.createHmac("sha256", process.env.WEXIO_SECRET);
  const expected = hmac${timed ? ".update(`${found[1]}.`)" : ""}.update(body).digest();
  const given = found[2].split(",v1=").slice(1); // more than one while a secret is being changed
  return given.some((hex) => crypto.timingSafeEqual(Buffer.from(hex, "hex"), expected));
}
`,
    },
    {
      language: "Go",
      code: `package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"strings"
	"time"
)

// Holds says whether the header signs the raw body.
func Holds(header string, body []byte, tolerance time.Duration) bool {
	parts := map[string]string{}
	for _, item := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(item, "=")
		parts[name] = value
	}
	mac := hmac.New(sha256.New, []byte(os.Getenv("WEXIO_SECRET")))
${timed ? '	mac.Write([]byte(parts["t"] + "."))\n' : ""}	mac.Write(body)
	given, err := hex.DecodeString(parts["v1"])
	if err != nil || !hmac.Equal(mac.Sum(nil), given) {
		return false
	}
	seconds, err := strconv.ParseInt(parts["t"], 10, 64)
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() <= tolerance
}
`,
    },
    {
      language: "PHP",
      code: `<?php
// $body is the raw one: file_get_contents('php://input')
function holds(string $header, string $body, int $tolerance = 300): bool
{
    parse_str(str_replace(',', '&', $header), $parts);
    $signed = ${timed ? "($parts['t'] ?? '') . '.' . $body" : "$body"};
    $expected = hash_hmac('sha256', $signed, getenv('WEXIO_SECRET'));
    $fresh = abs(time() - (int) ($parts['t'] ?? 0)) <= $tolerance;
    return hash_equals($expected, $parts['v1'] ?? '') && $fresh;
}
`,
    },
  ];
}
