const { createMockServer } = require('reelwire/mock-server');

module.exports = async () => {
  globalThis.mock = await createMockServer({ durationMs: 300 });
  process.env.MOCK_URL = globalThis.mock.url;
};
