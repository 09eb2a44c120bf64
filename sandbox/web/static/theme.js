// Before anything is painted: the theme that was chosen here, else the system's.
"use strict";
{
  const chosen = localStorage.getItem("wexio-sandbox.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
