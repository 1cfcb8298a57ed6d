import { describe, expect, it, onTestFinished } from 'vitest';
import { relayBackend } from '../../src/backends/relay.js';
import { soraGateway } from '../../src/backends/sora-gateway.js';
import type { VideoClientOptions } from '../../src/client/options.js';
import type { TransportName } from '../../src/core/model.js';
import type { AnyBackend } from '../../src/index.js';
import type { MockDialect, MockFault, MockServer } from '../../src/mock-server/index.js';
import { RelaySite } from '../support/relay-site/site.js';
import { until } from '../support/until.js';
import { EVENT_STREAM_FAULTS, INPUTS, STATUS_FAULTS, STREAM_FAULTS, SUBMIT_FAULTS } from './faults.js';
import {
  BACKENDS,
  connect,
  follow,
  neverMovesBack,
  noStreamIsLeft,
  QUICK,
  speaking,
  startServer,
} from './support.js';

const DURATION_MS = 150;

/** A relay before the server of a dialect, which is all that fails here. */
async function startRelay(
  upstream: MockServer,
  dialect: MockDialect,
  options: Omit<Partial<VideoClientOptions<AnyBackend>>, 'backend'> = {},
): Promise<RelaySite> {
  const client = { ...QUICK, ...speaking(upstream, dialect), ...options };
  const site = await RelaySite.start({ upstream, client, input: INPUTS[dialect] });
  onTestFinished(() => site.close());
  return site;
}

function pageOf({ url }: RelaySite, options: Partial<VideoClientOptions<AnyBackend>> = {}) {
  const timeouts = { ...QUICK.timeouts, requestMs: 5_000, jobMs: 20_000 };
  return connect({ url }, { backend: relayBackend(), logger: 'silent', timeouts, ...options });
}

/** A job of a page, followed to its end through the relay. */
async function endsOnce(site: RelaySite, options: Partial<VideoClientOptions<AnyBackend>>): Promise<void> {
  const client = pageOf(site, options);
  const { id } = await client.generate({ script: 'Explain blockchain', walletAddress: '0x1' } as never);
  const story = await follow(client, id);
  expect(story.error).toBeUndefined();
  expect(story.ends).toMatchObject([{ id, status: 'completed', progress: 100 }]);
  expect(neverMovesBack(story)).toBe(true);
  await noStreamIsLeft(site.upstream);
  await until(() => site.isIdle, 'nothing is left open on the relay');
}

function faultsOf(
  route: 'websocket' | 'sse' | 'status',
  faults: MockFault | readonly MockFault[],
): MockFault[] {
  return [faults].flat().map((fault) => ({ ...fault, route }));
}

describe.each(['websocket', 'sse'] as const)('a relay that follows by a %s upstream', (upstream) => {
  const faults = Object.entries({ ...STREAM_FAULTS, ...(upstream === 'sse' && EVENT_STREAM_FAULTS) });
  it.each(faults)('that %s tells a page each end once, and leaves no stream', async (_, fault) => {
    const server = await startServer({ durationMs: DURATION_MS, faults: faultsOf(upstream, fault) });
    const site = await startRelay(server, 'soraGateway', { transports: [upstream, 'polling'] });
    const transports: TransportName[] = upstream === 'websocket' ? ['websocket'] : ['sse'];
    await endsOnce(site, { transports: [...transports, 'polling'] });
  });
});

describe.each(Object.keys(BACKENDS) as MockDialect[])('a relay before %s', (dialect) => {
  it.each([['websocket'], ['sse'], ['polling']] as [TransportName][])(
    'tells a page by %s each end once',
    async (transport) => {
      const server = await startServer({ durationMs: DURATION_MS });
      const site = await startRelay(server, dialect);
      await endsOnce(site, { transports: [transport] });
    },
  );

  it.each(Object.entries(STATUS_FAULTS))(
    'whose status route %s tells a page each end once',
    async (_, fault) => {
      const server = await startServer({ durationMs: DURATION_MS, faults: faultsOf('status', fault) });
      const site = await startRelay(server, dialect, { transports: ['polling'] });
      await endsOnce(site, { transports: ['websocket'] });
    },
  );
});

describe('a page that speaks as to a gateway', () => {
  it.each([['websocket'], ['sse'], ['polling']] as [TransportName][])(
    'is told each end once by %s',
    async (transport) => {
      const server = await startServer({ durationMs: DURATION_MS });
      const site = await startRelay(server, 'soraGateway');
      await endsOnce(site, {
        backend: soraGateway(),
        webSocketUrl: site.url,
        transports: [transport],
      });
    },
  );

  it.each(Object.entries(STREAM_FAULTS))(
    'is told each end once where the socket upstream %s',
    async (_, fault) => {
      const server = await startServer({ durationMs: DURATION_MS, faults: faultsOf('websocket', fault) });
      const site = await startRelay(server, 'soraGateway', { transports: ['websocket', 'polling'] });
      await endsOnce(site, {
        backend: soraGateway(),
        webSocketUrl: site.url,
        transports: ['websocket', 'polling'],
      });
    },
  );
});

/** What a page is told where the key of the server behind is at fault: no more than that it may have been made. */
const HIDDEN = ['refuses the credentials with 401', 'leads elsewhere by 307'];

describe.each(['soraGateway', 'openAIVideos', 'replicate'] as const)(
  'a submit through a relay before %s',
  (dialect) => {
    it.each(Object.entries(SUBMIT_FAULTS))(
      'that %s makes one job at most, and the page knows whether it may have been made',
      async (name, [outcome, fault]) => {
        const server = await startServer({ manual: true, faults: [{ ...fault, route: 'generate' }] });
        const site = await startRelay(server, dialect);
        const told = await pageOf(site)
          .generate({ script: 'x' } as never)
          .then(
            ({ id }) => ({ outcome: 'job', id }),
            ({ code }: { code: string }) => ({
              outcome: code === 'submit-outcome-unknown' ? 'unknown' : 'refused',
              id: undefined,
            }),
          );
        const made = Array.from(server.jobs, ({ id }) => id);
        expect(made.length).toBeLessThanOrEqual(outcome === 'refused' ? 0 : 1);
        // A submit that is repeated under its key may have its job after all.
        const allowed =
          outcome === 'unknown' ? ['unknown', 'job'] : HIDDEN.includes(name) ? ['unknown'] : [outcome];
        expect(allowed).toContain(told.outcome);
        if (told.id !== undefined) expect((await site.client.jobs?.get(told.id))?.jobId).toBe(made[0]);
      },
    );
  },
);
