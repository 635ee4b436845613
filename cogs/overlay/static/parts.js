// Small pieces of a page, made without ever reading text as HTML.

export const $ = (id) => document.getElementById(id);

/** An element; `about` holds properties, and `data-`/`aria-`/`role` attributes; `inside` text or elements. */
export function el(name, about = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(about)) {
    if (key === "class") made.className = value;
    else if (key.includes("-") || key === "role" || key === "for") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return made;
}

/** A colour of their own for each person, the same every time. */
export const hueOf = (who) => (who * 137 + 20) % 360;

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
