import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { load } from "./load.mjs";

const { parts, snippets } = await load("signing.js");
const SECRET = "whsec_test";
const BODY = '{"id":"evt_1","name":"Олена 😀"}';
const NOW = Math.floor(Date.now() / 1000);
const header = (signed, body = BODY, secret = SECRET, t = NOW) =>
  `t=${t},v1=${createHmac("sha256", secret).update(signed === "body" ? body : `${t}.${body}`).digest("hex")}`;

test("a signature is taken apart, and a broken one is no error", () => {
  assert.deepEqual(parts("t=12,v1=ab"), { t: "12", v1: "ab" });
  assert.deepEqual(parts("nothing"), { t: "", v1: "" });
  assert.deepEqual(parts("v0=x,t=1,v1=a=b"), { t: "1", v1: "a=b" });
});

test("there is one for Python, Node, Go and PHP, and none holds a secret", () => {
  const all = snippets();
  assert.deepEqual(all.map((each) => each.language), ["Python", "Node", "Go", "PHP"]);
  for (const { code } of all) assert.match(code, /WEXIO_SECRET/);
});

const GO = `package main
import ("fmt"; "os"; "time")
func main() {
	if Holds(os.Args[1], []byte(os.Args[2]), 300*time.Second) { fmt.Println("True") } else { fmt.Println("False") }
}
`;

/** What is written with it is compiled once, in a folder that is gone when the test is over. */
function built(code, t) {
  const folder = mkdtempSync(join(tmpdir(), "holds-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "holds.go"), code.replace("package webhooks", "package main"));
  writeFileSync(join(folder, "main.go"), GO);
  const made = spawnSync("go", ["build", "-o", "holds", "holds.go", "main.go"], { cwd: folder, encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  return [join(folder, "holds"), []];
}

const RUN = {
  Python: (code) => ["python3", ["-c", `${code}\nimport sys\nprint(holds(sys.argv[1], sys.argv[2].encode()))`]],
  Node: (code) => ["node", ["-e", `${code}\nconsole.log(holds(process.argv[1], Buffer.from(process.argv[2])) ? "True" : "False")`]],
  Go: built,
  PHP: (code) => ["php", ["-r", `${code.replace("<?php", "")}\necho holds($argv[1], $argv[2]) ? "True" : "False";`, "--"]],
};
const NEEDS = { Python: ["python3", "--version"], Node: ["node", "--version"], Go: ["go", "version"], PHP: ["php", "--version"] };
const HAS = ([program, says]) => spawnSync(program, [says]).status === 0;

for (const signed of ["timestamp.body", "body"])
  for (const { language, code } of snippets(signed)) {
    test(`what ${language} is given takes a good signature over ${signed} and no other`, (t) => {
      if (!HAS(NEEDS[language])) {
        assert.ok(!process.env.CI, `${language} is not installed, and under CI nothing is skipped`);
        return t.skip(`${language} is not installed`);
      }
      const [program, args] = RUN[language](code, t);
      const says = (given, body = BODY, secret = SECRET) =>
        spawnSync(program, [...args, given, body], { env: { ...process.env, WEXIO_SECRET: secret }, encoding: "utf8" }).stdout.trim();
      const other = header(signed, BODY, "another").split(",")[1];
      assert.equal(says(header(signed)), "True");
      // Two digests while a secret is being changed: either may be the right one.
      assert.equal(says(`${header(signed)},${other}`), "True");
      assert.equal(says(header(signed).replace(",", `,${other},`)), "True");
      assert.equal(says(`t=${NOW},${other},${other}`), "False");
      assert.notEqual(says(header(signed, BODY, ""), BODY, ""), "True", "without a secret everybody could sign");
      for (const broken of ["", "nothing", `t=${NOW}`, header(signed).replace(/^t=[0-9]+/, "t=soon"), `t=${NOW},v1=not-hex`])
        assert.equal(says(broken), "False", broken);
      assert.equal(says(header(signed), `${BODY} `), "False");
      assert.equal(says(header(signed, BODY, "another")), "False");
      assert.equal(says(header(signed, BODY, SECRET, NOW - 3600)), "False");
      return undefined;
    });
  }
