// What she sees: pictures of cameras, who is met, and this browser's own camera.
import { camera, whyNot } from "/camera.js";
import { met } from "/met.js";
import { $ } from "/parts.js";
import { view } from "/view.js";

const BEHIND_BYTES = 512 * 1024; // waits to be sent: no more pictures for now

/** `send` tells her, and `waits` how many bytes of that are still to go. */
export function faces({ send, waits }) {
  const people = met({ send });
  const looking = view({ send, enrol: people.enrol });
  const eye = camera({
    frame: (taken, data) => waits() < BEHIND_BYTES && send({ do: "picture", taken }) && send(data),
    lost: () => {
      off();
      people.notice("The camera is gone; plug it in, then try again.");
    },
  });
  let on = false;

  function pressed(now) {
    on = now;
    $("camera").setAttribute("aria-pressed", String(now));
    $("camera").title = now ? "Switch your camera off" : "Let her see through your camera";
    $("camera").querySelector("span").textContent = $("camera").title;
  }

  async function open() {
    try {
      pressed(true);
      await eye.start();
      if (on) send({ do: "camera", on: true });
      else eye.stop();
    } catch (error) {
      pressed(false);
      eye.stop();
      people.notice(whyNot(error));
    }
  }

  function off(tells = true) {
    eye.stop();
    if (on && tells) send({ do: "camera", on: false });
    pressed(false);
  }

  $("camera").addEventListener("click", () => (on ? off() : open()));

  return {
    looks: (now) => looking.open(now),
    picture: (data) => looking.picture(data),
    told: (text) => people.notice(text),
    away() {
      off(false);
      looking.clear();
      people.forget();
    },
    hello(message) {
      $("camera").hidden = !message.sees;
      $("watching").hidden = !message.sees;
      people.act(Boolean(message.sees));
      people.show(message.encounters ?? []);
      $("tab-met").hidden = !message.sees && !message.encounters?.length;
      looking.know(message.cameras ?? []);
      for (const track of message.strangers ?? []) people.stranger(track);
    },
    forgotten() {
      people.forget();
      looking.clear();
      looking.again();
    },
    takes: {
      seen: looking.seen,
      cameras: (message) => looking.know(message.cameras),
      met(message) {
        $("tab-met").hidden = false;
        people.come(message.card);
      },
      encounters: (message) => people.show(message.encounters),
      stranger: (message) => people.stranger(message.track),
      gone: (message) => people.gone(message.track),
      whys: people.told,
      camera(message) {
        if (message.on) return;
        off(false);
        if (message.why) people.notice(message.why);
      },
    },
  };
}
