// The memory of every core that is started after this module was loaded: import it first.

/** @type {WebAssembly.Memory[]} */
const memories = [];
const { Instance } = WebAssembly;

WebAssembly.Instance = class extends Instance {
  /** @param {[WebAssembly.Module, WebAssembly.Imports?]} args */
  constructor(...args) {
    super(...args);
    const { memory } = this.exports;
    if (memory instanceof WebAssembly.Memory) memories.push(memory);
  }
};

/** Bytes; a core's memory never shrinks, so this is its own peak. */
export const coreBytes = () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
