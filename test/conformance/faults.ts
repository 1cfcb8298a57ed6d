import type { MockDialect, MockFault } from '../../src/mock-server/index.js';
import { workflow } from '../support/workflow.js';

/** What may happen to a stream. */
export const STREAM_FAULTS: Readonly<Record<string, MockFault | readonly MockFault[]>> = {
  none: [],
  'refuses twice': { type: 'refuse', times: 2 },
  'resets twice': { type: 'reset', at: 'before-body', times: 2 },
  'is a black hole': { type: 'stall' },
  'answers 404': { type: 'status', status: 404 },
  'answers 503 twice': { type: 'status', status: 503, retryAfter: 0, times: 2 },
  'is mute': { type: 'mute' },
  'falls silent': { type: 'mute', afterFrames: 2 },
  'is closed after each frame': { type: 'close', afterFrames: 1 },
  'is cut': { type: 'close', code: 1006, afterMs: 50 },
  'goes half-open': { type: 'half-open', afterMs: 50 },
  'sends garbage': { type: 'inject', frame: 'garbage' },
  'sends binary': { type: 'inject', frame: 'binary' },
  'sends a frame over 1 MiB': { type: 'inject', frame: 'oversized' },
  'sends frames of foreign jobs': { type: 'inject', frame: 'foreign-job' },
  'sends a protocol error': { type: 'inject', frame: { data: '{"error":"Invalid message format"}' } },
  'sends everything twice': { type: 'duplicate' },
  'sends in disorder': { type: 'disorder', window: 3 },
  'swallows the end': { type: 'drop-terminal' },
  'loses updates': { type: 'drop-updates', first: 3 },
};

/** What may happen to an event stream besides. */
export const EVENT_STREAM_FAULTS: Readonly<Record<string, MockFault>> = {
  'has each event held back until the next': { type: 'held-events', always: true },
  'is buffered': { type: 'buffer', forMs: 250 },
  'has another content type': { type: 'content-type', contentType: 'text/html' },
  'ends lines with CRLF': { type: 'format', lineEnding: '\r\n' },
  'ends lines with CR': { type: 'format', lineEnding: '\r' },
  'splits characters': { type: 'format', splitEveryBytes: 3 },
  'begins with a byte order mark and comments': { type: 'format', bom: true, commentEveryMs: 10 },
};

/** What may happen to status calls. */
export const STATUS_FAULTS: Readonly<Record<string, MockFault | readonly MockFault[]>> = {
  none: [],
  'refuses three times': { type: 'refuse', times: 3 },
  'resets each second call': { type: 'reset', at: 'after-handling', every: 2 },
  'never answers once': { type: 'stall', times: 1 },
  'answers 500 three times': { type: 'status', status: 500, times: 3 },
  'answers 429 and wants a pause': { type: 'status', status: 429, retryAfter: 1, times: 1 },
  'answers 404 twice': { type: 'status', status: 404, times: 2 },
  'answers 404 to each second call': { type: 'status', status: 404, every: 2 },
  'answers 403 to each second call': { type: 'status', status: 403, every: 2 },
  'answers HTML to each second call': { type: 'html', every: 2 },
  'answers HTML with 200': { type: 'html', times: 2 },
  'answers half of its JSON': { type: 'truncated-json', times: 2 },
  'answers with 1.5 MiB more': { type: 'oversized-json', bytes: 1_500_000, times: 2 },
  'answers without a status': { type: 'without-field', field: 'status', times: 2 },
};

/** What each dialect takes. */
export const INPUTS: Readonly<Record<MockDialect, object>> = {
  soraGateway: { walletAddress: '0x123', script: 'Explain blockchain' },
  vidBuilder: { scenes: [{ type: 'text', duration: 4, content: {} }] },
  openAIVideos: { prompt: 'A boat' },
  openRouter: { prompt: 'A boat' },
  replicate: { input: { prompt: 'A boat' } },
  runway: { promptText: 'A boat' },
  xai: { prompt: 'A boat' },
  fal: { input: { prompt: 'A boat' } },
  comfyUI: { workflow: workflow() },
};

/** What the caller is told: the job; that one may have been made; or that none was. */
type Outcome = 'job' | 'unknown' | 'refused';

/** What may happen to a submit, and what a caller is told. */
export const SUBMIT_FAULTS: Readonly<Record<string, readonly [Outcome, MockFault]>> = {
  'takes a while': ['job', { type: 'slow', delayMs: 100 }],
  'answers 429 twice and wants no pause': ['job', { type: 'status', status: 429, retryAfter: 0, times: 2 }],
  'closes the connection, nothing read': ['unknown', { type: 'refuse' }],
  'resets before the body': ['unknown', { type: 'reset', at: 'before-body' }],
  'resets after the body': ['unknown', { type: 'reset', at: 'after-body' }],
  'makes the job and resets': ['unknown', { type: 'reset', at: 'after-handling' }],
  'never answers': ['unknown', { type: 'stall' }],
  'answers 408': ['unknown', { type: 'status', status: 408 }],
  'answers 500': ['unknown', { type: 'status', status: 500 }],
  'makes the job, and 502 is answered': ['unknown', { type: 'status', status: 502, carriedOut: true }],
  'makes the job, and 503 with a pause is answered': [
    'unknown',
    { type: 'status', status: 503, retryAfter: 0, carriedOut: true },
  ],
  'makes the job, and a web page is answered': ['unknown', { type: 'html' }],
  'makes the job, and answers half of its JSON': ['unknown', { type: 'truncated-json' }],
  'makes the job, and answers with 1.5 MiB more': ['job', { type: 'oversized-json', bytes: 1_500_000 }],
  'makes the job, and answers nothing': ['unknown', { type: 'status', status: 200, carriedOut: true }],
  'refuses the input with 400': ['refused', { type: 'status', status: 400 }],
  'refuses the credentials with 401': ['refused', { type: 'status', status: 401 }],
  'wants money by 402': ['refused', { type: 'status', status: 402 }],
  'refuses the input with 422': ['refused', { type: 'status', status: 422 }],
  'wants a pause for ever by 429': ['refused', { type: 'status', status: 429, retryAfter: 0 }],
  'leads elsewhere by 307': [
    'refused',
    { type: 'redirect', status: 307, to: 'https://elsewhere.invalid/videos' },
  ],
};
