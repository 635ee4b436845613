// Before anything is drawn: a source in OBS has no background, and the token leaves the address.
"use strict";
const asked = new URLSearchParams(location.search);
if (asked.has("overlay")) document.documentElement.classList.add("overlay");
if (asked.has("token")) {
  try {
    localStorage.setItem("kith-token", asked.get("token"));
  } catch {
    window.kithToken = asked.get("token"); // the browser keeps nothing; it lasts until the page is left
  }
  history.replaceState(null, "", asked.has("overlay") ? "/?overlay" : "/");
}
