// The address that a person was given ends in #token=…, which no server sees. It is
// exchanged for a cookie that no script sees, and taken out of the address.
"use strict";
(async () => {
  const token = decodeURIComponent(location.hash.match(/^#token=(.+)$/)?.[1] ?? "");
  if (!token) return;
  history.replaceState(null, "", location.pathname + location.search);
  const answer = await fetch("/api/v1/session", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  if (answer.ok) location.reload();
  else document.querySelector("#refused")?.removeAttribute("hidden");
})();
