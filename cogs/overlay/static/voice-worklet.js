// Her voice: a small queue that can be ducked and stopped, and says how much of it was played.
const DUCKED = 0.25;
const REPORT = 2048; // samples between two reports
const MOST_S = 10; // waiting; the server sends far less ahead

class Voice extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.waiting = 0;
    this.offset = 0;
    this.stretch = 0;
    this.played = 0;
    this.reported = 0;
    this.gain = 1;
    this.target = 1;
    this.loudest = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  take(message) {
    if (message.stop !== undefined) this.begin(message.stop);
    if (message.duck !== undefined) this.target = message.duck ? DUCKED : 1;
    if (message.block) {
      if (message.stretch !== this.stretch) this.begin(message.stretch);
      if (this.waiting > MOST_S * sampleRate) return;
      this.queue.push(new Int16Array(message.block));
      this.waiting += message.block.byteLength / 2;
    }
  }

  begin(stretch) {
    this.queue = [];
    this.waiting = this.offset = this.played = this.reported = 0;
    this.stretch = stretch;
    this.target = 1;
  }

  process(_, [[output]]) {
    let i = 0;
    for (; i < output.length && this.queue.length; i++) {
      const block = this.queue[0];
      this.gain += (this.target - this.gain) * 0.005;
      const value = (block[this.offset++] / 32768) * this.gain;
      output[i] = value;
      this.loudest = Math.max(this.loudest, Math.abs(value));
      if (this.offset === block.length) {
        this.queue.shift();
        this.offset = 0;
      }
    }
    this.played += i;
    this.waiting -= i;
    if (this.played > this.reported && (this.played - this.reported >= REPORT || !this.queue.length)) {
      this.reported = this.played;
      this.port.postMessage({ stretch: this.stretch, samples: this.played, level: this.loudest, over: !this.queue.length });
      this.loudest = 0;
    }
    return true;
  }
}
registerProcessor("voice", Voice);
