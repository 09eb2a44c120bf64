import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
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

const RUN = {
  Python: (code) => ["python3", ["-c", `${code}\nimport sys\nprint(holds(sys.argv[1], sys.argv[2].encode()))`]],
  Node: (code) => ["node", ["-e", `${code}\nconsole.log(holds(process.argv[1], Buffer.from(process.argv[2])) ? "True" : "False")`]],
  PHP: (code) => ["php", ["-r", `${code.replace("<?php", "")}\necho holds($argv[1], $argv[2]) ? "True" : "False";`, "--"]],
};
const HAS = (program) => spawnSync(program, ["--version"]).status === 0;

for (const signed of ["timestamp.body", "body"])
  for (const { language, code } of snippets(signed)) {
    if (!RUN[language]) continue;
    test(`what ${language} is given takes a good signature over ${signed} and no other`, (t) => {
      const [program, args] = RUN[language](code);
      if (!HAS(program)) return t.skip(`${program} is not installed`);
      const says = (given, body = BODY) =>
        spawnSync(program, [...args, given, body], { env: { ...process.env, WEXIO_SECRET: SECRET }, encoding: "utf8" }).stdout.trim();
      assert.equal(says(header(signed)), "True");
      for (const broken of ["", "nothing", `t=${NOW}`, header(signed).replace(/^t=[0-9]+/, "t=soon"), `t=${NOW},v1=not-hex`])
        assert.equal(says(broken), "False", broken);
      assert.equal(says(header(signed), `${BODY} `), "False");
      assert.equal(says(header(signed, BODY, "another")), "False");
      assert.equal(says(header(signed, BODY, SECRET, NOW - 3600)), "False");
      return undefined;
    });
  }
