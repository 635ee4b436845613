// What a camera shows, with a frame around each face; asked for only while somebody looks.
import { $, el, hueOf } from "/parts.js";

const EACH_MS = 200;
const NOTHING_MS = 1000; // until it is asked for again where there was no picture
const LATE_MS = 4000; // likewise, where nothing came at all

/** `enrol` is called with the track of a face that somebody would have her know. */
export function view({ send, enrol }) {
  const stage = $("stage");
  const canvas = $("picture");
  let cameras = [];
  let open = false;
  let timer = 0;
  let asked = 0;
  let faces = [];

  const chosen = () => cameras.find((one) => one.name === $("cameras").value);
  const shows = () => chosen()?.why === "";
  const looks = () => open && !document.hidden && shows();

  function look() {
    clearTimeout(timer);
    if (!looks()) return;
    asked = performance.now();
    send({ do: "look", camera: $("cameras").value });
    timer = setTimeout(look, LATE_MS);
  }

  function again(after) {
    clearTimeout(timer);
    if (looks()) timer = setTimeout(look, Math.max(0, after - (performance.now() - asked)));
  }

  function seen(message) {
    faces = message.camera === chosen()?.name ? message.faces : [];
    if (message.picture) return;
    frame();
    again(NOTHING_MS);
  }

  async function picture(data) {
    try {
      const image = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
      if (!shows()) return; // the camera is gone meanwhile
      canvas.width = image.width;
      canvas.height = image.height;
      stage.style.setProperty("--shape", String(image.width / image.height));
      canvas.getContext("2d").drawImage(image, 0, 0);
      image.close();
      stage.hidden = false;
      frame();
    } catch {
      // it is no picture; the next one may be
    }
    again(EACH_MS);
  }

  /** Frames over the picture, each moving with its face, and the same in words below it. */
  function frame() {
    const before = new Map([...$("frames").children].map((one) => [Number(one.dataset.track), one]));
    for (const face of faces) {
      const made = before.get(face.track) ?? el("div", { "data-track": String(face.track) });
      before.delete(face.track);
      place(made, face);
      if (!made.isConnected) $("frames").append(made);
    }
    for (const gone of before.values()) gone.remove();
    const now = JSON.stringify(faces.map(({ track, who, name, refusal }) => [track, who, name, refusal]));
    if (now === frame.before) return; // a button that has the focus keeps it
    frame.before = now;
    $("in-view").replaceChildren(...faces.map(row));
  }

  function place(made, face) {
    made.className = face.name ? (face.who === null ? "face maybe" : "face known") : "face";
    made.classList.toggle("right", face.x > 0.5); // where the name has its room
    made.classList.toggle("low", face.y + face.height > 0.92);
    for (const side of ["x", "y", "width", "height"]) made.style.setProperty(`--${side}`, `${(face[side] * 100).toFixed(2)}%`);
    made.style.setProperty("--hue", face.who === null ? "0" : String(hueOf(face.who)));
    if (made.textContent !== face.name) made.replaceChildren(face.name ? el("span", {}, face.name) : "");
  }

  function row(face) {
    const button = el("button", { type: "button", class: "push" }, "Get to know them…");
    button.addEventListener("click", () => enrol(face.track));
    const refusal = face.refusal ? el("span", { class: "source" }, face.refusal) : "";
    return el("li", {}, el("span", {}, face.name || "Somebody I do not know"), face.who === null ? button : "", refusal);
  }

  function know(all) {
    cameras = all;
    const select = $("cameras");
    const before = select.value;
    select.replaceChildren(...all.map((one) => el("option", { value: one.name, selected: one.name === before }, one.name)));
    select.hidden = all.length < 2;
    show();
    look();
  }

  /** The picture, or why there is none. */
  function show() {
    const why = cameras.length ? (chosen()?.why ?? "") : "No camera is on.";
    $("blind").textContent = why;
    $("blind").hidden = !why;
    canvas.setAttribute("aria-label", chosen() ? `What the camera “${chosen().name}” shows` : "");
    if (why) clear();
  }

  function clear() {
    faces = [];
    stage.hidden = true;
    canvas.width = canvas.height = 0;
    frame();
  }

  $("cameras").addEventListener("change", () => {
    clear();
    show();
    look();
  });
  document.addEventListener("visibilitychange", look);

  return {
    know,
    seen,
    picture,
    clear,
    open(now) {
      open = now;
      look();
    },
    again: look,
  };
}
