/**
 * A server of all dialects to test against, with faults to order. For Node.
 *
 * @module reelwire/mock-server
 */

export type { MockDialect, MockMount } from './dialect-names.js';
export type {
  AnswerFault,
  ConnectionFault,
  DownloadFault,
  EventStreamFault,
  FaultScope,
  MockFault,
  MockFaultType,
  MockRoute,
  StreamFault,
  StreamMoment,
} from './fault.js';
export { parseMockFault } from './fault-text.js';
export type { MockFaults } from './faults.js';
export type { MockGateOptions } from './gate.js';
export type {
  MockJob,
  MockJobBehaviour,
  MockJobChange,
  MockJobInit,
  MockJobUpdate,
} from './job.js';
export type { MockJobs } from './jobs.js';
export { type MockVariant, mockMedia, patternBytes } from './media/files.js';
export type { MockOpenAIFlavour } from './openai/names.js';
export type {
  MockAuth,
  MockComfyUIOptions,
  MockOpenAIOptions,
  MockStreamOptions,
  MockSubmit,
} from './options.js';
export type { MockRequest, MockUpload } from './request-log.js';
export { createMockServer, type MockServer, type MockServerOptions } from './server.js';
export type { MockStream } from './streams/stream.js';
export type { MockStreams } from './streams/stream-log.js';
export type { MockDelivery, MockWebhookOptions } from './webhook-options.js';
export type { MockWebhooks } from './webhooks.js';
