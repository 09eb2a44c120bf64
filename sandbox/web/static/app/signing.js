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
    secret = os.environ.get("WEXIO_SECRET", "")
    found = re.fullmatch(r"t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)", header or "")
    if not secret or not found or abs(time.time() - int(found[1])) > tolerance:
        return False  # answer 401
    signed = ${timed ? 'found[1].encode() + b"." + body' : "body"}
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(given, expected) for given in found[2].split(",v1=")[1:])
`,
    },
    {
      language: "Node",
      code: `const crypto = require("node:crypto");

// body is a Buffer: express.raw({type: "application/json"})
function holds(header, body, tolerance = 300) {
  const secret = process.env.WEXIO_SECRET;
  const found = /^t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)$/.exec(header ?? "");
  if (!secret || !found || Math.abs(Date.now() / 1000 - Number(found[1])) > tolerance) return false; // answer 401
  const hmac = crypto.createHmac("sha256", secret);
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
	"regexp"
	"strconv"
	"strings"
	"time"
)

var form = regexp.MustCompile("^t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)$")

// Holds says whether the header signs the raw body.
func Holds(header string, body []byte, tolerance time.Duration) bool {
	found, secret := form.FindStringSubmatch(header), os.Getenv("WEXIO_SECRET")
	if found == nil || secret == "" {
		return false // answer 401
	}
	seconds, err := strconv.ParseInt(found[1], 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
${timed ? '	mac.Write([]byte(found[1] + "."))\n' : ""}	mac.Write(body)
	expected := []byte(hex.EncodeToString(mac.Sum(nil)))
	// More than one while a secret is being changed.
	for _, given := range strings.Split(found[2], ",v1=")[1:] {
		if hmac.Equal([]byte(given), expected) {
			return true
		}
	}
	return false
}
`,
    },
    {
      language: "PHP",
      code: `<?php
// $body is the raw one: file_get_contents('php://input')
function holds(string $header, string $body, int $tolerance = 300): bool
{
    $secret = getenv('WEXIO_SECRET');
    if (!$secret || !preg_match('/^t=([0-9]{1,12})((?:,v1=[0-9a-f]{64})+)$/D', $header, $found)) {
        return false; // answer 401
    }
    if (abs(time() - (int) $found[1]) > $tolerance) {
        return false;
    }
    $expected = hash_hmac('sha256', ${timed ? "$found[1] . '.' . $body" : "$body"}, $secret);
    // More than one while a secret is being changed.
    foreach (array_slice(explode(',v1=', $found[2]), 1) as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}
`,
    },
  ];
}
