import { MOCK_ROUTES, type MockFault } from './fault.js';

type Make = (value: number) => MockFault;

/** Faults by their names on a command line; those with a number need it. */
const WITHOUT_NUMBER = new Map<string, MockFault>(
  Object.entries<MockFault>({
    refuse: { type: 'refuse' },
    reset: { type: 'reset', at: 'before-body' },
    'reset-after': { type: 'reset', at: 'after-handling' },
    blackhole: { type: 'stall' },
    stall: { type: 'stall' },
    html: { type: 'html' },
    'truncated-json': { type: 'truncated-json' },
    'oversized-json': { type: 'oversized-json' },
    redirect: { type: 'redirect' },
    empty: { type: 'empty' },
    json: { type: 'json' },
    changed: { type: 'changed' },
    'no-ranges': { type: 'no-ranges' },
    'ignore-if-range': { type: 'ignore-if-range' },
    'no-length': { type: 'no-length' },
    'no-etag': { type: 'no-etag' },
    'weak-etag': { type: 'weak-etag' },
    text: { type: 'status', status: 200, body: 'Link has expired' },
    corrupt: { type: 'corrupt' },
    expired: { type: 'expired' },
    mute: { type: 'mute' },
    'half-open': { type: 'half-open' },
    duplicate: { type: 'duplicate' },
    disorder: { type: 'disorder' },
    'drop-terminal': { type: 'drop-terminal' },
    'binary-frames': { type: 'binary-frames' },
    'held-head': { type: 'held-head' },
    'held-events': { type: 'held-events' },
    'named-events': { type: 'named-events' },
    garbage: { type: 'inject', frame: 'garbage' },
  }),
);
const WITH_NUMBER = new Map<string, Make>(
  Object.entries<Make>({
    status: (status) => ({ type: 'status', status }),
    flapping: (status) => ({ type: 'status', status, every: 2 }),
    lost: (status) => ({ type: 'status', status, carriedOut: true }),
    slow: (delayMs) => ({ type: 'slow', delayMs }),
    drop: (atByte) => ({ type: 'drop', atByte }),
    short: (count) => ({ type: 'short', bytes: count }),
    'not-ready': (forMs) => ({ type: 'not-ready', forMs }),
    capped: (count) => ({ type: 'capped', bytes: count }),
    total: (total) => ({ type: 'total', total }),
    trickle: (bytesPerSecond) => ({ type: 'trickle', bytesPerSecond }),
    close: (code) => ({ type: 'close', code, afterFrames: 1 }),
    buffer: (forMs) => ({ type: 'buffer', forMs }),
  }),
);

/**
 * A fault in text: `route=name` or `route=name:number`, and `*` for every route.
 *
 * @example
 * parseMockFault('websocket=blackhole');
 * parseMockFault('status=status:503');
 * @throws RangeError that lists what there is.
 */
export function parseMockFault(text: string): MockFault {
  const [, routeName = '', name = '', number] = /^([^=]*)=([^:]*)(?::(\d{1,10}))?$/.exec(text) ?? [];
  const route = MOCK_ROUTES.find((known) => known === routeName);
  if (route === undefined && routeName !== '*')
    throw new RangeError(`a fault is route=name, with one of the routes *, ${MOCK_ROUTES.join(', ')}`);
  const fault = number === undefined ? WITHOUT_NUMBER.get(name) : WITH_NUMBER.get(name)?.(Number(number));
  if (fault === undefined) {
    const names = [...WITHOUT_NUMBER.keys(), ...Array.from(WITH_NUMBER.keys(), (one) => `${one}:number`)];
    throw new RangeError(`no such fault; there are ${names.join(', ')}`);
  }
  return route === undefined ? fault : { ...fault, route };
}
