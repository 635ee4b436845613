// Who has the token may come in: it is kept by the browser, or given here.
import { $ } from "/parts.js";

export function token() {
  try {
    return window.kithToken ?? localStorage.getItem("kith-token") ?? "";
  } catch {
    return window.kithToken ?? "";
  }
}

export function door(title, words) {
  $("state").textContent = "not open";
  $("door-title").textContent = title;
  $("door-text").textContent = words;
  $("door").hidden = false;
  $("composer").hidden = true;
}

$("door-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = $("door-token").value.trim();
  const found = given.includes("token=") ? new URLSearchParams(given.slice(given.indexOf("?"))).get("token") : given;
  window.kithToken = found ?? "";
  try {
    localStorage.setItem("kith-token", window.kithToken);
  } catch {
    // it lasts until the page is left
  }
});
