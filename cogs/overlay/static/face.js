// Her face: her mood, and her mouth while she speaks.
import { $ } from "/parts.js";

const MOUTHS = {
  neutral: "M25 42q7 2 14 0",
  happy: "M22 39q10 9 20 0",
  amused: "M23 41q9 5 18 -3",
  curious: "M27 42q5 2 10 -1",
  tender: "M24 40q8 6 16 0",
  sad: "M24 44q8 -6 16 0",
  worried: "M24 43q4 -4 8 -1t8 0",
  surprised: "M29 42q3 -3 6 0q-3 5 -6 0",
  annoyed: "M24 43l15 -2",
};
const BROWS = { curious: "M36 20q5 -4 9 -1", worried: "M19 22l8 -3M45 22l-8 -3", annoyed: "M19 20l8 3M45 20l-8 3", surprised: "M19 19q4 -3 8 0M37 19q4 -3 8 0", sad: "M19 23l7 -3M45 23l-7 -3" };

export function mood(emotion) {
  const known = MOUTHS[emotion] ? emotion : "neutral";
  document.body.dataset.mood = known;
  $("mouth").setAttribute("d", MOUTHS[known]);
  $("brows").setAttribute("d", BROWS[known] ?? "");
}

export function mouth(level) {
  const open = Math.min(7, level * 16);
  $("open-mouth").setAttribute("ry", open.toFixed(1));
  document.body.classList.toggle("mouth-open", open > 0.6);
}
