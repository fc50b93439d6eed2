/** The wasm as a text of `packing.js`; written by the build. */
export declare const order: readonly number[];
export declare const text: string;
