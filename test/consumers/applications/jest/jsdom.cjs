const { TestEnvironment } = require(`${process.env.TOOLS}/jest-environment-jsdom`);

/** jsdom has no fetch, and little of what comes with it: applications hand it that of Node, as jest-fixed-jsdom does. */
module.exports = class extends TestEnvironment {
  async setup() {
    await super.setup();
    const { fetch, Request, Response, Headers, ReadableStream, TextDecoder, TextEncoder } = globalThis;
    Object.assign(this.global, {
      fetch,
      Request,
      Response,
      Headers,
      ReadableStream,
      TextDecoder,
      TextEncoder,
    });
  }
};
