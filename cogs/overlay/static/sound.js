// The browser as her ears and her voice.

const HEAD = 4; // bytes before a block of sound: which stretch it belongs to

/** `send` takes messages and frames; `level` is told how loud she is (0..1). */
export function voice({ send, level }) {
  let context = null;
  let node = null;
  let rate = 0;
  let opening = null;

  /** Browsers let a page sound only after somebody has touched it. */
  async function open(wanted) {
    if (context && rate === wanted && context.state !== "closed") return;
    await close();
    rate = wanted;
    const opened = new AudioContext({ sampleRate: wanted, latencyHint: "interactive" });
    await opened.audioWorklet.addModule("/voice-worklet.js");
    const made = new AudioWorkletNode(opened, "voice", { numberOfInputs: 0, outputChannelCount: [1] });
    made.connect(opened.destination);
    made.port.onmessage = ({ data }) => {
      level(data.over ? 0 : data.level);
      const late = Math.round((opened.outputLatency || 0) * wanted);
      const report = () => send({ do: "played", stretch: data.stretch, samples: data.samples });
      if (late) setTimeout(report, (late / wanted) * 1000);
      else report();
    };
    await opened.resume();
    context = opened;
    node = made;
  }

  async function close() {
    const before = context;
    context = node = null;
    level(0);
    await before?.close();
  }

  const whenOpen = (then) => {
    opening = (opening ?? Promise.resolve()).then(then).catch(() => undefined);
  };

  return {
    /** Called as somebody presses a button, so that sound is allowed. */
    wake: () => whenOpen(() => open(rate || 24000)),
    close: () => whenOpen(close),
    begin: (wanted) => whenOpen(() => open(wanted)),
    stop: (stretch) => whenOpen(() => node?.port.postMessage({ stop: stretch })),
    duck: (on) => whenOpen(() => node?.port.postMessage({ duck: on })),
    take(sound) {
      const stretch = new DataView(sound).getUint32(0, true);
      const block = sound.slice(HEAD);
      whenOpen(() => node?.port.postMessage({ stretch, block }, [block]));
    },
  };
}

/** Opens on `start`; each frame is given to `frame`, how loud it was to `level`. */
export function microphone({ frame, level, lost }) {
  let context = null;
  let stream = null;

  /** Its rate in Hz. Throws what the browser refuses with. */
  async function start() {
    if (context) return context.sampleRate;
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotSupportedError");
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
    stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    const opened = new AudioContext({ latencyHint: "interactive" });
    try {
      await opened.audioWorklet.addModule("/ears-worklet.js");
    } catch (error) {
      stop();
      throw error;
    }
    const ears = new AudioWorkletNode(opened, "ears", { numberOfOutputs: 0 });
    ears.port.onmessage = ({ data }) => {
      level(data.level);
      frame(data.frame);
    };
    opened.createMediaStreamSource(stream).connect(ears);
    for (const track of stream.getTracks()) track.addEventListener("ended", () => { stop(); lost(); });
    await opened.resume();
    context = opened;
    return opened.sampleRate;
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    context?.close();
    context = stream = null;
    level(0);
  }

  return { start, stop };
}

/** Why there is no microphone, in a sentence. */
export function whyNot(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "Your browser does not let this page use the microphone; allow it in the address bar, then try again.";
    case "NotFoundError":
      return "Your browser finds no microphone; plug one in, then try again. You can type meanwhile.";
    case "NotReadableError":
      return "The microphone is in use by another program, or was unplugged; please try again.";
    default:
      return "The microphone cannot be used in this browser; you can type instead.";
  }
}
