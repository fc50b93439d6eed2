/**
 * The globals that the glue needs while it is loaded, which the build gives to it from here: jest's
 * jsdom has neither, and an import must not throw. The first call says what is missing, so a
 * substitute never meets a text.
 */
const runtime: Partial<Pick<typeof globalThis, "TextDecoder" | "TextEncoder">> = globalThis;

class NoDecoder {
  decode(): string {
    return "";
  }
}

class NoEncoder {
  encodeInto(): void {}
}

export const TextDecoder = runtime.TextDecoder ?? NoDecoder;
export const TextEncoder = runtime.TextEncoder ?? NoEncoder;
