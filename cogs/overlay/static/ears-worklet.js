// The microphone's sound as frames of 20 ms, int16 mono.
class Ears extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Int16Array(Math.floor(sampleRate / 50));
    this.at = 0;
    this.loudest = 0;
  }

  process([input]) {
    const channels = input.length;
    if (!channels) return true;
    for (let i = 0; i < input[0].length; i++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++) sum += input[channel][i];
      const value = Math.max(-1, Math.min(1, sum / channels));
      this.loudest = Math.max(this.loudest, Math.abs(value));
      this.frame[this.at++] = Math.round(value * 32767);
      if (this.at === this.frame.length) {
        const sent = this.frame.slice();
        this.port.postMessage({ frame: sent.buffer, level: this.loudest }, [sent.buffer]);
        this.at = 0;
        this.loudest = 0;
      }
    }
    return true;
  }
}
registerProcessor("ears", Ears);
