// The browser's own camera as one of hers: a picture at a time, as JPEG.

const WIDTH = 640; // pixels
const EACH_MS = 200;
const QUALITIES = [0.8, 0.5]; // the next one where a picture is too large
const MOST_BYTES = 250 * 1024;

/** Each picture is given to `frame` with when it was taken (Unix time in ms). */
export function camera({ frame, lost }) {
  let stream = null;
  let timer = 0;
  let busy = false;
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  const canvas = document.createElement("canvas");

  /** Throws what the browser refuses with. */
  async function start() {
    if (stream) return;
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotSupportedError");
    const opened = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 2 * WIDTH }, frameRate: { ideal: 15 } } });
    for (const track of opened.getTracks()) track.addEventListener("ended", () => { stop(); lost(); });
    stream = opened;
    video.srcObject = opened;
    await video.play();
    timer = setInterval(take, EACH_MS);
  }

  async function take() {
    if (busy || !video.videoWidth) return;
    busy = true;
    canvas.width = Math.min(WIDTH, video.videoWidth);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    const taken = Date.now();
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (made && made.size <= MOST_BYTES) {
        const data = await made.arrayBuffer();
        if (stream) frame(taken, data);
        break;
      }
    }
    busy = false;
  }

  function stop() {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
  }

  return { start, stop };
}

/** Why there is no camera, in a sentence. */
export function whyNot(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "Your browser does not let this page use the camera; allow it in the address bar, then try again.";
    case "NotFoundError":
      return "Your browser finds no camera; plug one in, then try again.";
    case "NotReadableError":
      return "The camera is in use by another program, or was unplugged; please try again.";
    default:
      return "The camera cannot be used in this browser.";
  }
}
